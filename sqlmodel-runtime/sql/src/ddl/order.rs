//! The order in which tables can be created.

use std::collections::BTreeMap;

use crate::{ForeignKey, Table, TableName};

/// Tables after those they reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DependencyOrder<'a> {
    /// The tables, each after all that it references, except through `closing_keys`.
    pub tables: Vec<&'a Table>,
    /// The foreign keys that reference a later table, with the table they are in.
    pub closing_keys: Vec<(&'a Table, &'a ForeignKey)>,
}

/// Sorts tables so that each comes after those it references.
///
/// Within a cycle, tables stay in the order given, and the keys that point forward are named.
/// A key to the table itself, or to one that is not in the list, sets no order.
/// The result depends on the order of the list alone, and takes time linear in its keys.
pub fn dependency_order<'a>(tables: &[&'a Table]) -> DependencyOrder<'a> {
    let positions: BTreeMap<&TableName, usize> = tables
        .iter()
        .enumerate()
        .map(|(position, table)| (&table.name, position))
        .collect();
    let target = |key: &ForeignKey| positions.get(&key.target).copied();
    let edges: Vec<Vec<usize>> = tables
        .iter()
        .map(|it| it.foreign_keys.iter().filter_map(target).collect())
        .collect();
    let order: Vec<usize> = cycles(&edges).into_iter().flatten().collect();

    let mut ranks = vec![0; order.len()];
    for (rank, &position) in order.iter().enumerate() {
        ranks[position] = rank;
    }
    let tables: Vec<_> = order.iter().map(|&position| tables[position]).collect();
    let closing_keys = tables
        .iter()
        .enumerate()
        .flat_map(|(rank, &table)| table.foreign_keys.iter().map(move |key| (rank, table, key)))
        .filter(|&(rank, _, key)| target(key).is_some_and(|position| ranks[position] > rank))
        .map(|(_, table, key)| (table, key))
        .collect();
    DependencyOrder {
        tables,
        closing_keys,
    }
}

/// The strongly connected components of a graph, each after those that it has edges to.
///
/// Tarjan's algorithm, with a stack of its own: a chain of tables can be as long as a file.
fn cycles(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut components = Vec::new();
    let mut n_seen = 0;
    // For each node: when it was seen, the earliest node it reaches, whether it has a component.
    let mut seen_at = vec![UNSEEN; edges.len()];
    let mut reaches = vec![UNSEEN; edges.len()];
    let mut is_done = vec![false; edges.len()];
    // The nodes without a component yet, and the path to the current one with its next edge.
    let mut open = Vec::new();
    let mut path: Vec<(usize, usize)> = Vec::new();

    for root in 0..edges.len() {
        if seen_at[root] == UNSEEN {
            path.push((root, 0));
        }
        while let Some((node, next_edge)) = path.last_mut() {
            let node = *node;
            if *next_edge == 0 && seen_at[node] == UNSEEN {
                seen_at[node] = n_seen;
                reaches[node] = n_seen;
                n_seen += 1;
                open.push(node);
            }
            if let Some(&target) = edges[node].get(*next_edge) {
                *next_edge += 1;
                if seen_at[target] == UNSEEN {
                    path.push((target, 0));
                } else if !is_done[target] {
                    reaches[node] = reaches[node].min(seen_at[target]);
                }
                continue;
            }
            path.pop();
            if let Some(&(parent, _)) = path.last() {
                reaches[parent] = reaches[parent].min(reaches[node]);
            }
            if reaches[node] == seen_at[node] {
                let start = open.iter().rposition(|&it| it == node).unwrap_or(0);
                let mut component = open.split_off(start);
                component.sort_unstable();
                for &member in &component {
                    is_done[member] = true;
                }
                components.push(component);
            }
        }
    }
    components
}
