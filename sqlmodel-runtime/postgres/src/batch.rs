//! Several statements as one unit: sent in one message, and undone together where one of them fails.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sqlmodel_core::{Cx, Done, Error, ErrorKind, Outcome, Statement, Stop, Wait};
use sqlmodel_net::Transport;

use crate::connection::PostgresConnection;
use crate::exchange::Answers;
use crate::protocol::backend::Status;
use crate::statements::Shape;
use crate::task::{Aim, Task, has_types};

/// What was asked of the server before a batch, by text; the cache may be too small to keep it.
type Learned<'s> = HashMap<&'s str, Arc<Shape>>;

/// Whether a batch that failed may be said once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    First,
    Last,
}

impl<T: Transport> PostgresConnection<T> {
    /// Runs statements in one round trip, and tells what each of them did. Texts that are new and have values whose types they do
    /// not tell are prepared in another one before. Rows that they return are passed over.
    ///
    /// Where one fails, those after it do not run; outside of a transaction, those before it are undone too.
    ///
    /// # Errors
    ///
    /// That of the first statement that fails.
    pub async fn batch(
        &mut self,
        cx: &Cx,
        statements: &[Statement<'_>],
    ) -> Outcome<Vec<Done>, Error> {
        let result = self.run_batch(cx, statements).await;
        self.finish(cx, result).await
    }

    async fn run_batch(
        &mut self,
        cx: &Cx,
        statements: &[Statement<'_>],
    ) -> Result<Vec<Done>, Stop> {
        self.make_ready(cx).await?;
        let is_alone = self.link.status() == Status::Idle && self.controls.is_empty();
        let mut attempt = Attempt::First;
        let mut misfits = Vec::new();
        loop {
            let learned = self.learn_types(cx, statements, &misfits).await?;
            let mut tasks = self.tasks(statements, &learned)?;
            if let Err(error) = self.say(&tasks) {
                misfits = self.forget_misfits(&tasks, &error);
                if misfits.is_empty() || attempt == Attempt::Last {
                    return Err(Stop::Err(error));
                }
                attempt = Attempt::Last;
                continue;
            }
            let mut answers = Answers::new(&mut tasks, None);
            self.hear(Wait::on(cx), &mut answers).await?;
            let is_undone = answers.is_outlived && is_alone && !answers.may_be_kept;
            match answers.into_result() {
                Err(Stop::Err(_))
                    if is_undone && attempt == Attempt::First && !self.is_closed() =>
                {
                    attempt = Attempt::Last;
                }
                ended => {
                    ended?;
                    return Ok(tasks.into_iter().map(|task| task.done).collect());
                }
            }
        }
    }

    /// Makes a task of each statement. A text that is not prepared yet is parsed once for all of them.
    fn tasks<'s>(
        &mut self,
        statements: &[Statement<'s>],
        learned: &Learned<'_>,
    ) -> Result<Vec<Task<'s>>, Error> {
        let mut tasks: Vec<Task<'s>> = Vec::with_capacity(statements.len());
        let mut firsts: HashMap<&str, usize> = HashMap::new();
        for statement in statements {
            let before = tasks.last().filter(|it| it.is_like(statement));
            // What has no name is there until the next text is parsed.
            let first = before.or_else(|| {
                let first = firsts.get(statement.sql)?;
                tasks
                    .get(*first)
                    .filter(|it| it.has_name() && it.is_like(statement))
            });
            let task = match first {
                Some(first) => first.again(*statement),
                None => {
                    firsts.insert(statement.sql, tasks.len());
                    let shape = learned.get(statement.sql).cloned();
                    Task::with_shape(*statement, Aim::Run, shape, &mut self.statements)
                }
            };
            tasks.push(task.map_err(|error| error.with_sql(statement.sql))?);
        }
        Ok(tasks)
    }

    /// Prepares, each once, the statements whose parameters have types that must be asked for.
    async fn learn_types<'s>(
        &mut self,
        cx: &Cx,
        statements: &[Statement<'s>],
        misfits: &[&str],
    ) -> Result<Learned<'s>, Stop> {
        let mut learned = Learned::new();
        if !self.statements.are_kept() {
            return Ok(learned);
        }
        let mut tasks: Vec<Task<'s>> = Vec::new();
        let mut seen = HashSet::new();
        for statement in statements.iter().filter(|it| !it.is_once) {
            let sql = statement.sql;
            let needs_types = has_types(statement.params) || misfits.contains(&sql);
            if !needs_types || !seen.insert(sql) {
                continue;
            }
            match self.statements.get(sql) {
                Some(shape) => drop(learned.insert(sql, shape)),
                None => {
                    let task = Task::new(*statement, Aim::Prepare, &mut self.statements);
                    tasks.push(task.map_err(|error| error.with_sql(sql))?);
                }
            }
        }
        if tasks.is_empty() {
            return Ok(learned);
        }
        self.exchange(cx, &mut tasks).await?;
        for task in tasks {
            if let Some(shape) = task.shape {
                learned.insert(task.statement.sql, shape);
            }
        }
        Ok(learned)
    }

    /// Forgets the statements that could not be said because of the types that their parameters had, and returns their texts.
    ///
    /// The types are those of the time at which the statement was prepared, and a column may have been widened since.
    pub(crate) fn forget_misfits<'s>(&mut self, tasks: &[Task<'s>], error: &Error) -> Vec<&'s str> {
        if error.kind() != ErrorKind::Encode {
            return Vec::new();
        }
        let of_tasks = tasks.iter().filter(|it| it.is_misfit());
        let mut misfits: Vec<_> = of_tasks.map(|it| it.statement.sql).collect();
        misfits.dedup();
        for sql in &misfits {
            self.statements.forget(sql);
        }
        misfits
    }
}
