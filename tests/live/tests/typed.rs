//! Queries that the schema holds as SQL: their functions return what the types say, on every driver.

use generated::blog::queries::{
    PostsWithTagsRow, SearchPostsOrder, insert_user, logins, posts_with_tags, publish,
    search_posts, tag_stats, user_by_email,
};
use generated::blog::tables::TABLES;
use generated::blog::views::{self, ActiveAuthor};
use generated::blog::{Email, NewPost, NewPostTag, NewTag, Post, PostStatus, Tag};
use live::{Failure, Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::{ErrorKind, schema};

on_every_driver! {
    TABLES;
    a_row_is_a_model,
    blocks_lists_and_orders_make_the_statement,
    an_empty_list_has_nothing_in_it,
    rows_are_collected_into_values,
    a_command_tells_how_many_rows,
    an_aggregate_has_the_type_that_is_stated,
    rows_are_handed_over_one_by_one,
    a_view_is_a_model,
    a_hidden_column_is_not_shown,
}

struct Stored {
    posts: Vec<Post>,
    tags: Vec<Tag>,
}

/// Two users, three posts, two tags.
async fn store<C: Connection>(cx: &Cx, connection: &mut C) -> Result<Stored, Failure> {
    let mut authors = Vec::new();
    for name in ["ada", "brian"] {
        let email = Email::from(format!("{name}@example.org"));
        let id = insert_user(&email, name, b"secret")
            .run(cx, connection)
            .await
            .into_result()?;
        authors.push(id.ok_or("the new row has a key")?);
    }
    let mut posts = Vec::new();
    for (author, title) in [(0, "Zebras"), (0, "Ants"), (1, "Bees")] {
        let post = NewPost::new(authors[author], title, "body");
        posts.push(insert!(post).one(cx, connection).await.into_result()?);
    }
    let mut tags = Vec::new();
    for label in ["animals", "stripes"] {
        tags.push(
            insert!(NewTag::new(label))
                .one(cx, connection)
                .await
                .into_result()?,
        );
    }
    for (post, tag) in [(0, 0), (0, 1), (1, 0)] {
        let link = NewPostTag::new(posts[post].id, tags[tag].id);
        insert!(link).execute(cx, connection).await.into_result()?;
    }
    Ok(Stored { posts, tags })
}

async fn a_row_is_a_model<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let email = Email::from("ada@example.org");
    let ada = user_by_email(&email)
        .run(cx, connection)
        .await
        .into_result()?;
    assert_eq!(
        ada.map(|it| (it.name, it.password)),
        Some(("ada".to_owned(), b"secret".to_vec()))
    );
    let nobody = Email::from("nobody@example.org");
    assert_eq!(
        user_by_email(&nobody)
            .run(cx, connection)
            .await
            .into_result()?,
        None
    );
    let outcome = user_by_email(&nobody).one(cx, connection).await;
    assert!(matches!(outcome, Outcome::Err(error) if error.kind() == ErrorKind::NoRows));
    Ok(())
}

async fn blocks_lists_and_orders_make_the_statement<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let Stored { posts, .. } = store(cx, connection).await?;
    let drafts = [PostStatus::Draft];
    let by_title = search_posts(&drafts, None, None, 10, 0, SearchPostsOrder::Title);
    let found: Vec<_> = by_title
        .all(cx, connection)
        .await
        .into_result()?
        .into_iter()
        .map(|it| (it.title, it.author, it.tags))
        .collect();
    let row = |title: &str, author: &str, tags| (title.to_owned(), author.to_owned(), tags);
    assert_eq!(
        found,
        [
            row("Ants", "ada", 1),
            row("Bees", "brian", 0),
            row("Zebras", "ada", 2)
        ]
    );
    let busiest_of_ada = search_posts(
        &drafts,
        Some(posts[0].author_id),
        None,
        1,
        0,
        SearchPostsOrder::Busy,
    );
    let found = busiest_of_ada.one(cx, connection).await.into_result()?;
    assert_eq!((found.id, found.tags), (posts[0].id, 2));
    let both = [
        PostStatus::Draft,
        PostStatus::Published,
        PostStatus::Archived,
    ];
    let since = Some(posts[0].created_at);
    let all = search_posts(
        &both,
        Some(posts[2].author_id),
        since,
        10,
        0,
        SearchPostsOrder::Newest,
    );
    assert_eq!(all.all(cx, connection).await.into_result()?.len(), 1);
    Ok(())
}

async fn an_empty_list_has_nothing_in_it<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let none = search_posts(&[], None, None, 10, 0, SearchPostsOrder::Newest);
    assert_eq!(none.all(cx, connection).await.into_result()?, []);
    Ok(())
}

async fn rows_are_collected_into_values<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let Stored { posts, tags } = store(cx, connection).await?;
    let found = posts_with_tags().all(cx, connection).await.into_result()?;
    let shape = |it: PostsWithTagsRow| (it.post, it.author.name, it.tags);
    let mut found: Vec<_> = found.into_iter().map(shape).collect();
    for (_, _, tags) in &mut found {
        tags.sort_by_key(|it| it.id);
    }
    let expected = [
        (posts[0].clone(), "ada".to_owned(), tags.clone()),
        (posts[1].clone(), "ada".to_owned(), vec![tags[0].clone()]),
        (posts[2].clone(), "brian".to_owned(), Vec::new()),
    ];
    assert_eq!(found, expected);
    Ok(())
}

async fn a_command_tells_how_many_rows<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let Stored { posts, .. } = store(cx, connection).await?;
    assert_eq!(
        publish(posts[0].id)
            .run(cx, connection)
            .await
            .into_result()?,
        1
    );
    assert_eq!(
        publish(posts[0].id)
            .run(cx, connection)
            .await
            .into_result()?,
        0
    );
    let published = [PostStatus::Published];
    let found = search_posts(&published, None, None, 10, 0, SearchPostsOrder::Newest);
    assert_eq!(
        found.one(cx, connection).await.into_result()?.id,
        posts[0].id
    );
    Ok(())
}

async fn an_aggregate_has_the_type_that_is_stated<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let Stored { tags, .. } = store(cx, connection).await?;
    let mut stats = tag_stats().all(cx, connection).await.into_result()?;
    stats.sort_by_key(|it| it.tag_id);
    let stats: Vec<(i64, Option<f64>)> = stats
        .into_iter()
        .map(|it| (it.tag_id, it.avg_position))
        .collect();
    assert_eq!(stats, [(tags[0].id, Some(0.0)), (tags[1].id, Some(0.0))]);
    Ok(())
}

async fn rows_are_handed_over_one_by_one<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let mut titles = Vec::new();
    let query = search_posts(
        &[PostStatus::Draft],
        None,
        None,
        10,
        0,
        SearchPostsOrder::Title,
    );
    query
        .for_each(cx, connection, |row| {
            titles.push(row.title);
            if titles.len() == 2 {
                std::ops::ControlFlow::Break(())
            } else {
                std::ops::ControlFlow::Continue(())
            }
        })
        .await
        .into_result()?;
    assert_eq!(titles, ["Ants", "Bees"]);

    let query = search_posts(
        &[PostStatus::Draft],
        None,
        None,
        10,
        0,
        SearchPostsOrder::Title,
    );
    let mut rows = query.stream(cx, connection).await.into_result()?;
    for expected in ["Ants", "Bees"] {
        let row = rows.next(cx).await.into_result()?;
        assert_eq!(row.map(|row| row.title).as_deref(), Some(expected));
    }
    Ok(())
}

async fn a_view_is_a_model<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let Stored { posts, .. } = store(cx, connection).await?;
    for _ in 0..2 {
        schema::create_views(cx, connection, views::ALL)
            .await
            .into_result()?;
    }
    publish(posts[0].id)
        .run(cx, connection)
        .await
        .into_result()?;
    let query = ActiveAuthor::select().filter(ActiveAuthor::POSTS.ge(1));
    let active = query.all(cx, connection).await.into_result()?;
    let expected = ActiveAuthor {
        id: posts[0].author_id,
        name: "ada".to_owned(),
        posts: 1,
    };
    assert_eq!(active, [expected]);
    assert_eq!(
        ActiveAuthor::get(cx, connection, posts[2].author_id)
            .await
            .into_result()?,
        None
    );
    schema::drop_views(cx, connection, views::ALL)
        .await
        .into_result()?;
    Ok(())
}

async fn a_hidden_column_is_not_shown<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let login = logins("ada").one(cx, connection).await.into_result()?;
    assert_eq!(login.password, b"secret");
    let shown = format!("{login:?}");
    assert!(shown.contains("ada@example.org") && shown.contains("<hidden>"));
    Ok(())
}
