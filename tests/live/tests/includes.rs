//! Relations of relations, loaded together: the type of a row says what is there.

use generated::chinook::tables::TABLES;
use generated::chinook::{
    Album, Artist, Employee, Genre, MediaType, NewAlbum, NewArtist, NewEmployee, NewGenre,
    NewMediaType, NewPlaylist, NewPlaylistTrack, NewTrack, Playlist, Track,
};
use live::{Test, on_every_driver};
use sqlmodel_runtime::prelude::*;
use sqlmodel_runtime::value::Decimal;

on_every_driver! {
    TABLES;
    relations_to_one_inside_relations_to_many,
    relations_of_a_relation_to_one,
    the_same_relation_twice,
    a_table_that_refers_to_itself,
    many_to_many_with_relations_of_its_own,
    a_streamed_query_may_read_like_what_it_includes,
}

/// One artist with two albums, of three tracks and of none; two genres; one track without a genre.
async fn store<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let artist = insert!(NewArtist::new().name("Iron Maiden".to_owned()))
        .one(cx, connection)
        .await
        .into_result()?;
    let albums = insert_many!(
        NewAlbum::new("Piece of Mind", artist.id),
        NewAlbum::new("Killers", artist.id),
    )
    .all(cx, connection)
    .await
    .into_result()?;
    let genres = insert_many!(
        NewGenre::new().name("Rock".to_owned()),
        NewGenre::new().name("Metal".to_owned()),
    )
    .all(cx, connection)
    .await
    .into_result()?;
    let media = insert!(NewMediaType::new().name("MPEG".to_owned()))
        .one(cx, connection)
        .await
        .into_result()?;
    let track = |name: &str, genre: Option<i64>| {
        NewTrack::new(name, media.id, 1000, Decimal::from(1))
            .album_id(albums[0].id)
            .genre_id(genre)
    };
    let tracks = insert_many!(
        track("Revelations", Some(genres[1].id)),
        track("The Trooper", Some(genres[0].id)),
        track("Sun and Steel", None),
    )
    .all(cx, connection)
    .await
    .into_result()?;
    let playlist = insert!(NewPlaylist::new().name("Heavy".to_owned()))
        .one(cx, connection)
        .await
        .into_result()?;
    insert_many!(
        tracks
            .iter()
            .map(|track| NewPlaylistTrack::new(playlist.id, track.id))
    )
    .execute(cx, connection)
    .await
    .into_result()?;
    Ok(())
}

async fn relations_to_one_inside_relations_to_many<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    type Loaded = (Artist, Vec<(Album, Vec<(Track, Option<Genre>, MediaType)>)>);
    let tracks = Album::TRACKS
        .order_by(Track::ID.asc())
        .include(Track::GENRE)
        .include(Track::MEDIA_TYPE);
    let artists: Vec<Loaded> = Artist::select()
        .include(Artist::ALBUMS.order_by(Album::ID.asc()).include(tracks))
        .all(cx, connection)
        .await
        .into_result()?;
    let [(_, albums)] = &*artists else {
        return Err(format!("{artists:?}").into());
    };
    assert_eq!(albums.len(), 2);
    let genres: Vec<_> = albums[0]
        .1
        .iter()
        .map(|(track, genre, _)| {
            (
                &*track.name,
                genre.as_ref().and_then(|genre| genre.name.as_deref()),
            )
        })
        .collect();
    assert_eq!(
        genres,
        [
            ("Revelations", Some("Metal")),
            ("The Trooper", Some("Rock")),
            ("Sun and Steel", None)
        ]
    );
    assert!(
        albums[0]
            .1
            .iter()
            .all(|(.., media)| media.name.as_deref() == Some("MPEG"))
    );
    assert!(albums[1].1.is_empty());
    Ok(())
}

async fn relations_of_a_relation_to_one<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let tracks: Vec<(Track, Option<(Album, (Artist, Vec<Album>))>)> = Track::select()
        .include(Track::ALBUM.include(Album::ARTIST.include(Artist::ALBUMS)))
        .order_by(Track::ID.asc())
        .limit(2)
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(tracks.len(), 2);
    for (track, album) in &tracks {
        let (album, (artist, albums)) = album.as_ref().ok_or("each track has an album")?;
        assert_eq!(Some(album.id), track.album_id);
        assert_eq!(album.artist_id, artist.id);
        assert_eq!(albums.len(), 2);
    }
    Ok(())
}

async fn the_same_relation_twice<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    store(cx, connection).await?;
    let rows: Vec<(Album, Artist, Vec<Track>, Vec<Track>)> = Album::select()
        .include(Album::ARTIST)
        .include(Album::TRACKS.filter(Track::GENRE_ID.is_null()))
        .include(Album::TRACKS.filter(Track::GENRE_ID.is_not_null()))
        .order_by(Album::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    let counts: Vec<_> = rows
        .iter()
        .map(|(_, _, some, others)| (some.len(), others.len()))
        .collect();
    assert_eq!(counts, [(1, 2), (0, 0)]);
    Ok(())
}

async fn a_table_that_refers_to_itself<C: Connection>(cx: &Cx, connection: &mut C) -> Test {
    let boss = insert!(NewEmployee::new("Adams", "Andrew")).one(cx, connection);
    let boss = boss.await.into_result()?;
    insert!(NewEmployee::new("Edwards", "Nancy").reports_to(boss.id))
        .execute(cx, connection)
        .await
        .into_result()?;
    type Loaded = (Employee, Option<(Employee, Vec<Employee>)>);
    let employees: Vec<Loaded> = Employee::select()
        .include(Employee::MANAGER.include(Employee::REPORTS))
        .order_by(Employee::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(employees[0].1, None);
    let (manager, reports) = employees[1].1.as_ref().ok_or("Nancy reports to Andrew")?;
    assert_eq!(*manager, boss);
    assert_eq!(*reports, [employees[1].0.clone()]);
    let plain: Vec<(Employee, Option<Employee>)> = Employee::select()
        .include(Employee::MANAGER)
        .order_by(Employee::ID.asc())
        .all(cx, connection)
        .await
        .into_result()?;
    assert_eq!(plain[1].1.as_ref(), Some(&boss));
    Ok(())
}

async fn many_to_many_with_relations_of_its_own<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    store(cx, connection).await?;
    let playlists: Vec<(Playlist, Vec<(Track, Option<Genre>)>)> = Playlist::select()
        .include(
            Playlist::TRACKS
                .order_by(Track::NAME.asc())
                .include(Track::GENRE),
        )
        .all(cx, connection)
        .await
        .into_result()?;
    let names: Vec<_> = playlists[0]
        .1
        .iter()
        .map(|(track, _)| &*track.name)
        .collect();
    assert_eq!(names, ["Revelations", "Sun and Steel", "The Trooper"]);
    assert!(playlists[0].1[1].1.is_none());
    Ok(())
}

/// The text of the query is that of what it includes, too, and the two run at the same time.
async fn a_streamed_query_may_read_like_what_it_includes<C: Connection>(
    cx: &Cx,
    connection: &mut C,
) -> Test {
    let boss = insert!(NewEmployee::new("Adams", "Andrew")).one(cx, connection);
    let boss = boss.await.into_result()?;
    let reports =
        (0..300).map(|n| NewEmployee::new(format!("Edwards {n}"), "Nancy").reports_to(boss.id));
    insert_many!(reports)
        .execute(cx, connection)
        .await
        .into_result()?;
    let query = Employee::select()
        .filter(Employee::REPORTS_TO.in_([boss.id]))
        .include(Employee::MANAGER.include(Employee::REPORTS));
    let mut rows = query.stream(cx, connection).await.into_result()?;
    let mut n_rows = 0;
    while let Some((employee, manager)) = rows.next(cx).await.into_result()? {
        let (manager, reports) = manager.ok_or("everybody reports to Andrew")?;
        assert_eq!(manager, boss);
        assert!(reports.contains(&employee));
        n_rows += 1;
    }
    assert_eq!(n_rows, 300);
    Ok(())
}
