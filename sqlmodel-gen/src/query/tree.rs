//! The SQL that is understood, as a tree: our own, small, and with a place at every node.
//!
//! A place is a range of positions in the tokens that were parsed. Lists of operators and joins are flat, so that the tree is never
//! deeper than the nesting that somebody wrote.

/// A range of token positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct At {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl At {
    pub(super) fn to(self, end: Self) -> Self {
        Self {
            start: self.start,
            end: end.end,
        }
    }
}

/// A name as written, its quotes removed.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) at: At,
}

impl Name {
    pub(super) fn is(&self, other: &str) -> bool {
        self.text.eq_ignore_ascii_case(other)
    }
}

/// Two names are equal wherever they stand.
impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.text)
    }
}

/// A whole statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Statement {
    Query(Box<Query>),
    Insert(Box<Insert>),
    Update(Box<Update>),
    Delete(Box<Delete>),
}

/// A SELECT with all that may stand around it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Query {
    pub(super) with: With,
    pub(super) first: Term,
    pub(super) rest: Vec<(SetOperator, Term)>,
    pub(super) order: Vec<OrderBy>,
    pub(super) limit: Option<Expr>,
    pub(super) offset: Option<Expr>,
    /// What it locks.
    pub(super) lock: Option<Lock>,
}

/// `FOR UPDATE OF a, b`: the tables whose rows are locked, all if it names none.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lock {
    pub(super) tables: Vec<Name>,
    pub(super) at: Ignored<At>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct With {
    pub(super) is_recursive: bool,
    pub(super) ctes: Vec<Cte>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cte {
    pub(super) name: Name,
    pub(super) columns: Vec<Name>,
    pub(super) body: CteBody,
}

/// What a name of WITH stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum CteBody {
    Query(Query),
    /// An INSERT, UPDATE or DELETE, and what it returns.
    Write(Box<Statement>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SetOperator {
    Union,
    Intersect,
    Except,
}

/// One side of a set operation.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    Select(Box<Select>),
    Query(Box<Query>),
    Values(Vec<Vec<Expr>>, Ignored<At>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Select {
    pub(super) is_distinct: bool,
    pub(super) distinct_on: Vec<Expr>,
    pub(super) items: Vec<Item>,
    pub(super) from: Vec<From>,
    pub(super) filter: Option<Expr>,
    pub(super) group: Vec<Expr>,
    /// Whether some rows are totals over several groups, in which keys are NULL.
    pub(super) has_totals: bool,
    pub(super) having: Option<Expr>,
    pub(super) windows: Vec<(Name, Window)>,
    pub(super) at: Ignored<At>,
}

/// What does not matter when two parts are compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ignored<T>(pub(super) T);

impl<T> PartialEq for Ignored<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    /// `*` or `t.*`.
    Star(Option<Name>, Ignored<At>),
    Expr(Expr, Option<Name>),
}

/// One of the comma-separated parts of FROM: a table and what is joined to it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct From {
    pub(super) first: Factor,
    pub(super) joins: Vec<Join>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Join {
    pub(super) kind: JoinKind,
    pub(super) factor: Factor,
    pub(super) constraint: Constraint,
    pub(super) at: Ignored<At>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
    Cross,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constraint {
    None,
    On(Expr),
    Using(Vec<Name>),
    Natural,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Factor {
    Table {
        schema: Option<Name>,
        name: Name,
        alias: Option<Alias>,
    },
    Derived {
        query: Box<Query>,
        is_lateral: bool,
        alias: Option<Alias>,
        at: Ignored<At>,
    },
    Function {
        call: Box<Call>,
        /// Whether a column counts the rows.
        has_ordinality: bool,
        alias: Option<Alias>,
        at: Ignored<At>,
    },
    Nested(Box<From>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Alias {
    pub(super) name: Name,
    pub(super) columns: Vec<Name>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct OrderBy {
    pub(super) expr: Expr,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Window {
    pub(super) base: Option<Name>,
    pub(super) partition: Vec<Expr>,
    pub(super) order: Vec<OrderBy>,
    pub(super) frame: Option<Frame>,
    /// The numbers of rows at which the frame begins and ends.
    pub(super) bounds: Vec<Expr>,
}

/// The rows of a window around each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) unit: FrameUnit,
    /// Whether a bound is so far away.
    pub(super) has_distance: bool,
    /// Whether that distance is one of time.
    pub(super) has_interval: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameUnit {
    Rows,
    Range,
    Groups,
}

/// An expression and its place.
#[derive(Debug, Clone)]
pub(super) struct Expr {
    pub(super) kind: Box<ExprKind>,
    pub(super) at: At,
    /// How many nodes lie below it, one under the other.
    pub(super) height: u32,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum ExprKind {
    /// `name`, `table.name`, `schema.table.name`.
    Column(Vec<Name>),
    Param(String),
    Null,
    Default,
    Bool(bool),
    Number(String),
    Text(String),
    /// `DATE '2024-01-01'`, `INTERVAL '1 day'`: a type and its text.
    TypedText(String, String),
    /// `INTERVAL 1 DAY`: a number and its unit in small letters.
    Interval(Expr, String),
    /// The operands of a chain of AND.
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Expr),
    Negate(Expr),
    Binary(Operator, Expr, Expr),
    IsNull(Expr, bool),
    /// `IS [NOT] TRUE`, `IS [NOT] FALSE`, `IS [NOT] UNKNOWN`.
    IsTruth {
        value: Expr,
        /// Whether it can be true of NULL.
        accepts_null: bool,
    },
    IsDistinct(Expr, Expr),
    Between {
        value: Expr,
        low: Expr,
        high: Expr,
        is_negated: bool,
    },
    In {
        value: Expr,
        list: List,
        is_negated: bool,
    },
    /// `LIKE`, `ILIKE` or `SIMILAR TO`: a text, a pattern, and what follows ESCAPE.
    Like(Expr, Expr, Option<Expr>),
    /// `= ANY (..)`, `> ALL (..)`.
    Quantified(Operator, Expr, Quantified),
    Case {
        operand: Option<Expr>,
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Expr>,
    },
    Cast(Expr, TypeName),
    Call(Call),
    Extract(String, Expr),
    Exists(Box<Query>),
    Subquery(Box<Query>),
    Row(Vec<Expr>),
    Array(Vec<Expr>),
    ArrayQuery(Box<Query>),
    Subscript(Expr, Expr),
    Collate(Expr),
    AtTimeZone(Expr, Expr),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum List {
    Exprs(Vec<Expr>),
    /// `IN (:ids)`: the name, and the places of `IN` or `NOT IN` and of all of it.
    Param(String, At, Ignored<At>),
    Query(Box<Query>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Quantified {
    Query(Box<Query>),
    Expr(Expr),
}

/// A binary operator between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    NullSafeEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Concat,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
    /// `->`.
    JsonGet,
    /// `->>`.
    JsonText,
    /// `#>`.
    JsonPath,
    /// `#>>`.
    JsonPathText,
    Contains,
    ContainedBy,
    Overlaps,
    /// `~`, `~*`, `!~`, `!~*`, `REGEXP`, `GLOB`, `MATCH`.
    Matches,
    TextSearch,
}

impl Operator {
    pub(super) const fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Less
                | Self::LessOrEqual
                | Self::Greater
                | Self::GreaterOrEqual
                | Self::NullSafeEqual
        )
    }

    pub(super) const fn is_arithmetic(self) -> bool {
        matches!(
            self,
            Self::Add | Self::Subtract | Self::Multiply | Self::Divide | Self::Modulo
        )
    }
}

/// A type in SQL's words: `varchar(20)`, `double precision`, `int[]`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TypeName {
    pub(super) name: String,
    pub(super) args: Vec<u32>,
    pub(super) is_array: bool,
    pub(super) at: Ignored<At>,
}

/// A call of a function.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) name: Name,
    pub(super) args: Vec<Expr>,
    pub(super) is_star: bool,
    pub(super) is_distinct: bool,
    pub(super) order: Vec<OrderBy>,
    /// Whether the order is that of WITHIN GROUP, whose values the aggregate looks at.
    pub(super) is_within_group: bool,
    pub(super) filter: Option<Expr>,
    pub(super) over: Option<Over>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Over {
    Named(Name),
    Window(Window),
}

/// The table that a statement writes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    pub(super) schema: Option<Name>,
    pub(super) name: Name,
    pub(super) alias: Option<Name>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Insert {
    pub(super) with: With,
    pub(super) target: Target,
    pub(super) columns: Vec<Name>,
    pub(super) source: InsertSource,
    pub(super) conflict: Conflict,
    pub(super) returning: Option<Vec<Item>>,
    pub(super) at: At,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum InsertSource {
    Default,
    Values(Vec<Vec<Expr>>),
    Query(Query),
}

/// What an INSERT does with a row that is there already.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Conflict {
    Fail,
    /// The row is left out: `DO NOTHING`, `INSERT IGNORE`, `INSERT OR IGNORE`.
    Ignore {
        target: ConflictTarget,
    },
    /// The old row is deleted: `REPLACE`.
    Replace,
    /// `DO UPDATE SET ..`, `ON DUPLICATE KEY UPDATE ..`.
    Update {
        target: ConflictTarget,
        sets: Vec<Assignment>,
        filter: Option<Expr>,
    },
}

/// The key that a new row must not meet.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ConflictTarget {
    /// Whichever it is.
    Any,
    Columns(Vec<Name>),
    /// `ON CONSTRAINT name`.
    Constraint(Name),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Assignment {
    /// The table of the column, where it is named.
    pub(super) table: Option<Name>,
    pub(super) columns: Vec<Name>,
    pub(super) value: AssignedValue,
}

/// What is written to the columns of an assignment.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum AssignedValue {
    /// A value for each column.
    Exprs(Vec<Expr>),
    /// The columns of a row, for several columns.
    Query(Box<Query>, Ignored<At>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Update {
    pub(super) with: With,
    pub(super) target: Target,
    /// MySQL's joined tables, the target's among them.
    pub(super) joined: Vec<From>,
    pub(super) sets: Vec<Assignment>,
    pub(super) from: Vec<From>,
    pub(super) filter: Option<Expr>,
    pub(super) ending: WriteEnding,
    pub(super) returning: Option<Vec<Item>>,
}

/// MySQL's ORDER BY and LIMIT of an UPDATE or DELETE.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct WriteEnding {
    pub(super) order: Vec<OrderBy>,
    pub(super) limit: Option<Expr>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Delete {
    pub(super) with: With,
    pub(super) target: Target,
    /// MySQL's tables whose rows are deleted, by their names in [`using`](Self::using); nothing for the target alone.
    pub(super) from_joined: Vec<Name>,
    pub(super) using: Vec<From>,
    pub(super) filter: Option<Expr>,
    pub(super) ending: WriteEnding,
    pub(super) returning: Option<Vec<Item>>,
}
