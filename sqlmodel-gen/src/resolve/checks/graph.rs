//! Circles in a graph of numbered nodes.

use std::collections::VecDeque;

/// The edges of each node: the node it leads to, and a label.
pub(super) type Edges = [Vec<(usize, usize)>];

/// Returns one circle for each edge of a node to itself, and a shortest one for each group of nodes that reach each other.
///
/// A circle is a list of nodes, each with the label of the edge that leaves it.
pub(super) fn cycles(edges: &Edges) -> Vec<Vec<(usize, usize)>> {
    let mut found = Vec::new();
    for (node, targets) in edges.iter().enumerate() {
        let loops = targets.iter().filter(|(target, _)| *target == node);
        found.extend(loops.map(|(_, label)| vec![(node, *label)]));
    }
    let groups = groups(edges);
    // Groups of one node have no circle but the loops above.
    let mut sizes = vec![0; edges.len()];
    for group in &groups {
        sizes[*group] += 1;
    }
    let mut seen: Vec<bool> = sizes.iter().map(|size| *size < 2).collect();
    for node in 0..edges.len() {
        let is_first = groups.get(node).is_some_and(|group| {
            seen.get_mut(*group)
                .is_some_and(|seen| !std::mem::replace(seen, true))
        });
        if is_first {
            found.extend(shortest_cycle(edges, &groups, node));
        }
    }
    found
}

/// Returns a shortest circle through a node, within its group and longer than one edge.
fn shortest_cycle(edges: &Edges, groups: &[usize], start: usize) -> Option<Vec<(usize, usize)>> {
    // How each node was first reached: from where, and over which edge.
    let mut reached: Vec<Option<(usize, usize)>> = vec![None; edges.len()];
    let mut open = VecDeque::from([start]);
    while let Some(node) = open.pop_front() {
        for (target, label) in edges.get(node)? {
            if groups.get(*target) != groups.get(start) || *target == node {
                continue;
            }
            let entry = reached.get_mut(*target)?;
            if entry.is_some() {
                continue;
            }
            *entry = Some((node, *label));
            if *target == start {
                return walk_back(&reached, start);
            }
            open.push_back(*target);
        }
    }
    None
}

fn walk_back(reached: &[Option<(usize, usize)>], start: usize) -> Option<Vec<(usize, usize)>> {
    let mut cycle = Vec::new();
    let mut at = start;
    loop {
        let (node, label) = reached.get(at).copied()??;
        cycle.push((node, label));
        at = node;
        if at == start {
            cycle.reverse();
            return Some(cycle);
        }
    }
}

/// Returns for each node the number of its group: nodes that reach each other (Tarjan 1972, without recursion).
fn groups(edges: &Edges) -> Vec<usize> {
    const NONE: usize = usize::MAX;
    let n = edges.len();
    let (mut index, mut low, mut group) = (vec![NONE; n], vec![0; n], vec![NONE; n]);
    let mut stack = Vec::new();
    let mut next_index = 0;
    let mut next_group = 0;
    for root in 0..n {
        if index[root] != NONE {
            continue;
        }
        let mut open = vec![(root, 0)];
        while let Some((node, at)) = open.last_mut() {
            let node = *node;
            if *at == 0 {
                index[node] = next_index;
                low[node] = next_index;
                next_index += 1;
                stack.push(node);
            }
            if let Some((target, _)) = edges[node].get(*at).copied() {
                *at += 1;
                if target >= n {
                    continue;
                }
                if index[target] == NONE {
                    open.push((target, 0));
                } else if group[target] == NONE {
                    low[node] = low[node].min(index[target]);
                }
                // A node without edges left is closed below; one with the first edge seen must not be opened again.
                continue;
            }
            open.pop();
            if let Some((parent, _)) = open.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
            if low[node] == index[node] {
                while let Some(member) = stack.pop() {
                    group[member] = next_group;
                    if member == node {
                        break;
                    }
                }
                next_group += 1;
            }
        }
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(edges: &[&[usize]], expected: &[&[usize]]) {
        let edges: Vec<Vec<(usize, usize)>> = edges
            .iter()
            .map(|targets| {
                targets
                    .iter()
                    .enumerate()
                    .map(|(at, target)| (*target, at))
                    .collect()
            })
            .collect();
        let found: Vec<Vec<usize>> = cycles(&edges)
            .into_iter()
            .map(|cycle| cycle.into_iter().map(|(node, _)| node).collect())
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn trees_have_no_circle() {
        check(&[&[1, 2], &[2], &[]], &[]);
        check(&[&[], &[0], &[1, 0]], &[]);
    }

    #[test]
    fn each_loop_and_each_group_is_found_once() {
        check(&[&[0]], &[&[0]]);
        check(&[&[1], &[2], &[0]], &[&[0, 1, 2]]);
        check(&[&[1], &[0, 2], &[3], &[2]], &[&[0, 1], &[2, 3]]);
        check(&[&[0, 1], &[0]], &[&[0], &[0, 1]]);
    }

    #[test]
    fn a_long_chain_does_not_exhaust_the_stack() {
        let n = 200_000;
        let edges: Vec<Vec<(usize, usize)>> = (0..n).map(|at| vec![((at + 1) % n, 0)]).collect();
        assert_eq!(cycles(&edges).first().map(Vec::len), Some(n));
    }
}
