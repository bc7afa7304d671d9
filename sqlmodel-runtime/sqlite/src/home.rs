//! Where a database is: at home with its connection, or with a thread that may block.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use sqlmodel_core::seam;

use crate::raw::Database;

/// A database that can be sent away and comes back, whatever becomes of the one who waits for it.
pub(crate) struct Home {
    database: Option<Database>,
    away: Option<Arc<Desk>>,
}

/// Where a database is left when its errand is done.
#[derive(Default)]
struct Desk {
    database: Mutex<Option<Database>>,
    bell: Condvar,
}

/// A database on its way. Dropping this leaves it at the desk.
struct Errand {
    database: Option<Database>,
    desk: Arc<Desk>,
}

impl Home {
    pub(crate) fn new(database: Database) -> Self {
        Self {
            database: Some(database),
            away: None,
        }
    }

    /// Returns the database.
    ///
    /// Blocks the thread until it is back, if the future that sent it away was dropped: for the rest of one commit.
    #[inline]
    pub(crate) fn get(&mut self) -> &mut Database {
        if let Some(desk) = self.away.take() {
            self.database = Some(desk.wait());
        }
        self.database
            .as_mut()
            .expect("a database is at home or away")
    }

    /// Returns the database, unless it is still on its way.
    pub(crate) fn get_now(&mut self) -> Option<&mut Database> {
        if let Some(desk) = &self.away {
            let mut back = desk.database.lock().unwrap_or_else(PoisonError::into_inner);
            self.database = Some(back.take()?);
            drop(back);
            self.away = None;
        }
        self.database.as_mut()
    }

    /// Runs something on a thread that may block, and gives way to other tasks meanwhile.
    ///
    /// Cancel: what was begun is done to its end. Dropping this future before leaves the database with the thread.
    pub(crate) async fn elsewhere<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Database) -> T + Send + 'static,
    ) -> T {
        self.get();
        let desk = Arc::new(Desk::default());
        let mut errand = Errand {
            database: self.database.take(),
            desk: Arc::clone(&desk),
        };
        self.away = Some(desk);
        seam::blocking(move || {
            let database = errand.database.as_mut();
            work(database.expect("the errand has the database"))
        })
        .await
    }
}

impl Desk {
    fn wait(&self) -> Database {
        let mut database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match database.take() {
                Some(database) => return database,
                None => {
                    let waited = self.bell.wait(database);
                    database = waited.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        let place = self.desk.database.lock();
        *place.unwrap_or_else(PoisonError::into_inner) = self.database.take();
        self.desk.bell.notify_one();
    }
}

impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.database {
            Some(database) => f.write_str(database.connection().path().unwrap_or_default()),
            None => f.write_str("committing"),
        }
    }
}
