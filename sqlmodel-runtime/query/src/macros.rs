//! Short forms of the builders, for statements that read best on one line.

/// Begins a query for whole models: `select!(Hero)`, `select!(Hero where Hero::AGE.ge(35), Hero::NAME.ne("Tarantula"))`.
///
/// Conditions are joined by AND.
#[macro_export]
macro_rules! select {
    ($model:ty) => {
        $crate::Select::<$model>::new()
    };
    ($model:ty where $($condition:expr),+ $(,)?) => {
        $crate::Select::<$model>::new()$(.filter($condition))+
    };
}

/// Begins the insert of one row: `insert!(NewHero::new("Deadpond", "Dive Wilson"))`.
#[macro_export]
macro_rules! insert {
    ($row:expr $(,)?) => {
        $crate::InsertOne::new($row)
    };
}

/// Begins the insert of many rows: `insert_many!(heroes)`, or `insert_many!(first, second)`.
#[macro_export]
macro_rules! insert_many {
    ($rows:expr $(,)?) => {
        $crate::InsertMany::new($rows)
    };
    ($($row:expr),+ $(,)?) => {
        $crate::InsertMany::new([$($row),+])
    };
}

/// Begins an update: of one stored model, `update!(hero)`, or of the rows that match,
/// `update!(Hero { AGE = 16, NAME = "Spider-Youngster" } where Hero::NAME.eq("Spider-Boy"))`.
#[macro_export]
macro_rules! update {
    (*$row:expr) => {
        $crate::UpdateRow::new(&*$row)
    };
    ($model:ty { $($column:ident = $value:expr),+ $(,)? } where $($condition:expr),+ $(,)?) => {
        $crate::Update::<$model>::new()
            $(.set(<$model>::$column, $value))+
            $(.filter($condition))+
    };
    ($row:expr) => {
        $crate::UpdateRow::new(&$row)
    };
}

/// Begins a delete: of one stored model, `delete!(hero)`, or of the rows that match,
/// `delete!(Hero where Hero::AGE.is_null())`.
#[macro_export]
macro_rules! delete {
    (*$row:expr) => {
        $crate::DeleteRow::new(&*$row)
    };
    ($model:ty where $($condition:expr),+ $(,)?) => {
        $crate::Delete::<$model>::new()$(.filter($condition))+
    };
    ($row:expr) => {
        $crate::DeleteRow::new(&$row)
    };
}
