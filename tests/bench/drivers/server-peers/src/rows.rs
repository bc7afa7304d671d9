//! The structs that drivers without models of their own fill, and their grouping.

use std::collections::HashMap;

#[derive(sqlx::FromRow)]
#[expect(dead_code, reason = "what matters is that the fields are filled")]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) hair_color: Option<String>,
}

#[derive(sqlx::FromRow)]
#[expect(dead_code, reason = "what matters is that the fields are filled")]
pub(crate) struct Post {
    pub(crate) id: i64,
    pub(crate) user_id: i64,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
}

#[derive(sqlx::FromRow)]
#[expect(dead_code, reason = "what matters is that the fields are filled")]
pub(crate) struct Comment {
    pub(crate) id: i64,
    pub(crate) post_id: i64,
    pub(crate) text: String,
}

pub(crate) type Loaded = Vec<(User, Vec<(Post, Vec<Comment>)>)>;

/// Puts the children of each row beside it.
pub(crate) fn group(users: Vec<User>, posts: Vec<Post>, comments: Vec<Comment>) -> Loaded {
    let mut of_post: HashMap<i64, Vec<Comment>> = HashMap::with_capacity(posts.len());
    for comment in comments {
        of_post.entry(comment.post_id).or_default().push(comment);
    }
    let mut of_user: HashMap<i64, Vec<(Post, Vec<Comment>)>> = HashMap::with_capacity(users.len());
    for post in posts {
        let comments = of_post.remove(&post.id).unwrap_or_default();
        of_user
            .entry(post.user_id)
            .or_default()
            .push((post, comments));
    }
    let with_posts = |user: User| {
        let posts = of_user.remove(&user.id).unwrap_or_default();
        (user, posts)
    };
    users.into_iter().map(with_posts).collect()
}

pub(crate) fn count(loaded: &Loaded) -> usize {
    let posts = loaded.iter().flat_map(|(_, posts)| posts);
    loaded.len() + posts.map(|(_, comments)| 1 + comments.len()).sum::<usize>()
}

/// The texts that both servers understand.
pub(crate) mod sql {
    pub(crate) const TRIVIAL: &str = "SELECT id, name, hair_color FROM users";
    pub(crate) const POSTS: &str = "SELECT id, user_id, title, body FROM posts WHERE user_id ";
    pub(crate) const COMMENTS: &str = "SELECT id, post_id, text FROM comments WHERE post_id ";

    /// With a placeholder at its end.
    macro_rules! medium {
        ($placeholder:literal) => {
            concat!(
                "SELECT users.id, users.name, users.hair_color, posts.id, posts.user_id, posts.title, posts.body \
                 FROM users LEFT JOIN posts ON posts.user_id = users.id WHERE users.hair_color = ",
                $placeholder
            )
        };
    }
    pub(crate) use medium;

    /// With a placeholder at its end.
    macro_rules! by_key {
        ($placeholder:literal) => {
            concat!(
                "SELECT id, name, hair_color FROM users WHERE id = ",
                $placeholder
            )
        };
    }
    pub(crate) use by_key;

    /// So many placeholders of MySQL in parentheses.
    pub(crate) fn marks(n: usize) -> String {
        let mut marks = "?, ".repeat(n);
        marks.truncate(marks.len().saturating_sub(2));
        format!("({marks})")
    }
}
