//! The functions of each dialect: what they take, what they return, and what becomes of NULL.

use sqlmodel_sql::Dialect;

use crate::ir::{Builtin, SqlFunction};
use crate::query::one::known_of;
use crate::query::types::Known;

/// What a function takes in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arg {
    Any,
    Bool,
    Int,
    Number,
    Text,
    Time,
    Json,
    Array,
    /// Any value, which becomes text.
    Shown,
    /// A value of the type that all arguments marked so have in common.
    Same,
    /// A value of the kind of a type that the schema states.
    Of(Known),
}

/// What a function returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Returns {
    Is(Builtin),
    /// A type that the schema states.
    Stated(Known),
    /// The type of the arguments marked [`Arg::Same`].
    Same,
    Sum,
    Avg,
    Round,
    /// A list of the type of the arguments marked so.
    List,
    /// The type of the list that is the first argument.
    First,
    /// The bare type of the first argument.
    Argument,
    /// That of a standard deviation.
    Spread,
    /// A list of texts.
    Texts,
    /// A time as PostgreSQL cuts it: a date becomes a moment.
    Moment,
    /// The type of the value that WITHIN GROUP orders.
    Ordered,
    /// A value whose type the database decides row by row: the user declares it.
    Declared,
}

/// When a function returns NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    /// When any argument is NULL.
    Strict,
    /// When the first argument is NULL; NULL elsewhere is a value like others.
    First,
    /// Perhaps when any argument is NULL, by the version of the database; never otherwise.
    Loose,
    Never,
    /// Perhaps always.
    Always,
    /// When all arguments are NULL.
    AllArgs,
    /// When the second or third argument is NULL.
    Branches,
    /// As `lag(value, offset, default)`: NULL outside of the partition without a default.
    Neighbour,
    /// When the argument is NULL, or no row is in the frame.
    Frame,
    /// When an argument is NULL, or a text that is no time.
    Parsed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    Aggregate,
    Window,
}

/// A function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Function<'f> {
    pub(super) name: &'f str,
    dialects: u8,
    pub(super) kind: Kind,
    pub(super) args: &'f [Arg],
    /// How many of the arguments may be left out.
    n_optional: usize,
    /// Whether the last argument may come any number of times.
    is_variadic: bool,
    pub(super) returns: Returns,
    pub(super) nulls: Nulls,
}

const S: u8 = 1;
const P: u8 = 2;
const M: u8 = 4;
const ALL: u8 = S | P | M;

const TEXT: Returns = Returns::Is(Builtin::Text { max_len: None });
const I64: Returns = Returns::Is(Builtin::I64);
const F64: Returns = Returns::Is(Builtin::F64);
const BOOL: Returns = Returns::Is(Builtin::Bool);
const JSON: Returns = Returns::Is(Builtin::Json);
const DATE: Returns = Returns::Is(Builtin::Date);
const TIME: Returns = Returns::Is(Builtin::Time);
const TIMESTAMP: Returns = Returns::Is(Builtin::Timestamp);
const INSTANT: Returns = Returns::Is(Builtin::TimestampTz);

const fn scalar(
    name: &'static str,
    dialects: u8,
    args: &'static [Arg],
    returns: Returns,
    nulls: Nulls,
) -> Function<'static> {
    Function {
        name,
        dialects,
        kind: Kind::Scalar,
        args,
        n_optional: 0,
        is_variadic: false,
        returns,
        nulls,
    }
}

const fn aggregate(
    name: &'static str,
    dialects: u8,
    args: &'static [Arg],
    returns: Returns,
    nulls: Nulls,
) -> Function<'static> {
    Function {
        kind: Kind::Aggregate,
        ..scalar(name, dialects, args, returns, nulls)
    }
}

const fn window(
    name: &'static str,
    args: &'static [Arg],
    returns: Returns,
    nulls: Nulls,
) -> Function<'static> {
    Function {
        kind: Kind::Window,
        ..scalar(name, ALL, args, returns, nulls)
    }
}

impl Function<'_> {
    const fn optional(self, n_optional: usize) -> Self {
        Self { n_optional, ..self }
    }

    const fn only(self, dialects: u8) -> Self {
        Self { dialects, ..self }
    }

    const fn variadic(self) -> Self {
        Self {
            is_variadic: true,
            ..self
        }
    }

    pub(super) const fn is_in(&self, dialect: Dialect) -> bool {
        self.dialects & bit(dialect) != 0
    }

    /// Whether it may be called with so many arguments.
    pub(super) fn takes(&self, n_args: usize) -> bool {
        let least = self.args.len() - self.n_optional;
        n_args >= least && (self.is_variadic || n_args <= self.args.len())
    }

    /// What it takes in a place.
    pub(super) fn arg(&self, at: usize) -> Arg {
        self.args
            .get(at)
            .or(self.args.last())
            .copied()
            .unwrap_or(Any)
    }

    /// How many arguments it takes, for people.
    pub(super) fn arity(&self) -> String {
        let (least, most) = (self.args.len() - self.n_optional, self.args.len());
        match (self.is_variadic, least == most) {
            (true, _) => format!("at least {least}"),
            (false, true) => most.to_string(),
            (false, false) => format!("{least} to {most}"),
        }
    }
}

/// A function that the schema declares.
#[derive(Debug)]
pub(super) struct Declared {
    name: String,
    dialects: u8,
    kind: Kind,
    args: Vec<Arg>,
    n_optional: usize,
    is_variadic: bool,
    returns: Returns,
    nulls: Nulls,
}

impl Declared {
    /// Takes over a function of the schema.
    pub(super) fn new(function: &SqlFunction) -> Self {
        let dialects = function.dialects.iter().map(|it| bit(*it));
        let returns = &function.returns;
        Self {
            name: function.name.clone(),
            dialects: dialects.fold(0, |all, it| all | it),
            kind: match function.is_aggregate {
                true => Kind::Aggregate,
                false => Kind::Scalar,
            },
            args: function
                .args
                .iter()
                .map(|it| it.as_ref().map_or(Any, |ty| Arg::Of(known_of(ty, None))))
                .collect(),
            n_optional: function.n_optional,
            is_variadic: function.is_variadic,
            returns: Returns::Stated(known_of(returns, None)),
            nulls: match (returns.is_nullable, function.is_strict) {
                (true, _) => Always,
                (false, true) => Strict,
                (false, false) => Never,
            },
        }
    }

    fn as_function(&self) -> Function<'_> {
        Function {
            name: &self.name,
            dialects: self.dialects,
            kind: self.kind,
            args: &self.args,
            n_optional: self.n_optional,
            is_variadic: self.is_variadic,
            returns: self.returns,
            nulls: self.nulls,
        }
    }
}

/// The functions that a query may call: those of the schema, which go before others of their names, and those of the databases.
#[derive(Debug, Clone, Copy)]
pub(super) struct Functions<'f> {
    pub(super) declared: &'f [Declared],
    pub(super) dialect: Dialect,
}

impl<'f> Functions<'f> {
    /// Finds a function of the dialect that takes so many arguments.
    pub(super) fn find(self, name: &str, n_args: usize) -> Option<Function<'f>> {
        let mut named = self.named(name).filter(|it| it.is_in(self.dialect));
        named.find(|it| it.takes(n_args))
    }

    /// All functions of a name, in whatever dialect.
    pub(super) fn named(self, name: &str) -> impl Iterator<Item = Function<'f>> {
        let declared = self.declared.iter().map(Declared::as_function);
        let known = declared.chain(FUNCTIONS.iter().copied());
        known.filter(move |it| it.name.eq_ignore_ascii_case(name))
    }

    /// The names of the dialect's functions.
    pub(super) fn names(self) -> impl Iterator<Item = &'f str> {
        let declared = self.declared.iter().map(Declared::as_function);
        let known = declared.chain(FUNCTIONS.iter().copied());
        known
            .filter(move |it| it.is_in(self.dialect))
            .map(|it| it.name)
    }
}

const fn bit(dialect: Dialect) -> u8 {
    match dialect {
        Dialect::Sqlite => S,
        Dialect::Postgres => P,
        Dialect::Mysql => M,
    }
}

use Arg::{Any, Array, Bool, Int, Json, Number, Same, Shown, Text, Time};
use Nulls::{AllArgs, Always, Branches, First, Frame, Loose, Neighbour, Never, Parsed, Strict};

/// The table. Of functions with one name, the first that is in the dialect and takes the arguments counts.
#[rustfmt::skip]
static FUNCTIONS: &[Function<'static>] = &[
    aggregate("count", ALL, &[Any], I64, Never),
    aggregate("sum", ALL, &[Number], Returns::Sum, Strict),
    aggregate("avg", ALL, &[Number], Returns::Avg, Strict),
    aggregate("min", ALL, &[Same], Returns::Same, Strict),
    aggregate("max", ALL, &[Same], Returns::Same, Strict),
    scalar("min", S, &[Same, Same], Returns::Same, Strict).variadic(),
    scalar("max", S, &[Same, Same], Returns::Same, Strict).variadic(),
    aggregate("total", S, &[Number], F64, Never),
    aggregate("group_concat", S | M, &[Any, Text], TEXT, Strict).optional(1),
    aggregate("string_agg", P, &[Text, Text], TEXT, Strict),
    aggregate("array_agg", P, &[Same], Returns::List, Strict),
    aggregate("percentile_cont", P, &[Any], Returns::Ordered, Strict),
    aggregate("percentile_disc", P, &[Any], Returns::Ordered, Strict),
    aggregate("mode", P, &[], Returns::Ordered, Strict),
    aggregate("jsonb_object_agg", P, &[Any, Any], JSON, Always),
    aggregate("json_object_agg", P, &[Any, Any], JSON, Always),
    aggregate("json_objectagg", M, &[Any, Any], JSON, Always),
    aggregate("stddev", P | M, &[Number], Returns::Spread, Always),
    aggregate("stddev_pop", P | M, &[Number], Returns::Spread, Always),
    aggregate("stddev_samp", P | M, &[Number], Returns::Spread, Always),
    aggregate("variance", P | M, &[Number], Returns::Spread, Always),
    aggregate("var_pop", P | M, &[Number], Returns::Spread, Always),
    aggregate("var_samp", P | M, &[Number], Returns::Spread, Always),
    aggregate("bit_and", P, &[Int], Returns::Argument, Strict),
    aggregate("bit_or", P, &[Int], Returns::Argument, Strict),
    scalar("grouping", P, &[Any], Returns::Is(Builtin::I32), Never).variadic(),
    aggregate("bool_and", P, &[Bool], BOOL, Strict),
    aggregate("bool_or", P, &[Bool], BOOL, Strict),
    aggregate("every", P, &[Bool], BOOL, Strict),
    aggregate("json_agg", P, &[Any], JSON, Strict),
    aggregate("jsonb_agg", P, &[Any], JSON, Strict),
    aggregate("json_group_array", S, &[Any], JSON, Never),
    aggregate("json_group_object", S, &[Any, Any], JSON, Never),
    aggregate("json_arrayagg", M, &[Any], JSON, Always),
    window("row_number", &[], I64, Never),
    window("rank", &[], I64, Never),
    window("dense_rank", &[], I64, Never),
    window("ntile", &[Int], I64, Never),
    window("percent_rank", &[], F64, Never),
    window("cume_dist", &[], F64, Never),
    window("lag", &[Same, Int], Returns::Same, Neighbour).optional(1),
    window("lead", &[Same, Int], Returns::Same, Neighbour).optional(1),
    // MariaDB 10.11 has no default.
    window("lag", &[Same, Int, Same], Returns::Same, Neighbour).only(S | P),
    window("lead", &[Same, Int, Same], Returns::Same, Neighbour).only(S | P),
    window("first_value", &[Same], Returns::Same, Frame),
    window("last_value", &[Same], Returns::Same, Frame),
    window("nth_value", &[Same, Int], Returns::Same, Always),
    scalar("coalesce", ALL, &[Same, Same], Returns::Same, AllArgs).variadic(),
    scalar("ifnull", S | M, &[Same, Same], Returns::Same, AllArgs),
    scalar("nullif", ALL, &[Same, Same], Returns::Same, Always),
    scalar("if", M, &[Bool, Same, Same], Returns::Same, Branches),
    scalar("iif", S, &[Bool, Same, Same], Returns::Same, Branches),
    scalar("greatest", P, &[Same, Same], Returns::Same, AllArgs).variadic(),
    scalar("least", P, &[Same, Same], Returns::Same, AllArgs).variadic(),
    scalar("greatest", M, &[Same, Same], Returns::Same, Strict).variadic(),
    scalar("least", M, &[Same, Same], Returns::Same, Strict).variadic(),
    scalar("lower", ALL, &[Text], TEXT, Strict),
    scalar("upper", ALL, &[Text], TEXT, Strict),
    scalar("length", ALL, &[Text], I64, Strict),
    scalar("char_length", P | M, &[Text], I64, Strict),
    scalar("character_length", P | M, &[Text], I64, Strict),
    scalar("octet_length", P | M, &[Text], I64, Strict),
    scalar("trim", ALL, &[Text, Text], TEXT, Strict).optional(1),
    scalar("ltrim", S | P, &[Text, Text], TEXT, Strict).optional(1),
    scalar("rtrim", S | P, &[Text, Text], TEXT, Strict).optional(1),
    scalar("ltrim", M, &[Text], TEXT, Strict),
    scalar("rtrim", M, &[Text], TEXT, Strict),
    scalar("btrim", P, &[Text, Text], TEXT, Strict).optional(1),
    scalar("substr", ALL, &[Text, Int, Int], TEXT, Strict).optional(1),
    scalar("substring", ALL, &[Text, Int, Int], TEXT, Strict).optional(1),
    scalar("replace", ALL, &[Text, Text, Text], TEXT, Strict),
    scalar("concat", P, &[Shown], TEXT, Never).variadic(),
    scalar("concat", M, &[Shown], TEXT, Strict).variadic(),
    scalar("concat_ws", P | M, &[Text, Shown], TEXT, First).variadic(),
    scalar("instr", S | M, &[Text, Text], I64, Strict),
    scalar("strpos", P, &[Text, Text], I64, Strict),
    scalar("position", P | M, &[Text, Text], I64, Strict),
    scalar("locate", M, &[Text, Text], I64, Strict),
    scalar("left", P | M, &[Text, Int], TEXT, Strict),
    scalar("right", P | M, &[Text, Int], TEXT, Strict),
    scalar("lpad", P, &[Text, Int, Text], TEXT, Strict),
    scalar("rpad", P, &[Text, Int, Text], TEXT, Strict),
    scalar("repeat", P, &[Text, Int], TEXT, Strict),
    // NULL of a length below zero, and of one above `max_allowed_packet`.
    scalar("lpad", M, &[Text, Int, Text], TEXT, Always),
    scalar("rpad", M, &[Text, Int, Text], TEXT, Always),
    scalar("repeat", M, &[Text, Int], TEXT, Always),
    scalar("reverse", P | M, &[Text], TEXT, Strict),
    scalar("split_part", P, &[Text, Text, Int], TEXT, Strict),
    scalar("initcap", P, &[Text], TEXT, Strict),
    scalar("regexp_replace", P, &[Text, Text, Text, Text], TEXT, Strict).optional(1),
    scalar("md5", P | M, &[Text], TEXT, Strict),
    scalar("hex", S, &[Any], TEXT, Never),
    scalar("hex", M, &[Any], TEXT, Strict),
    scalar("quote", S | M, &[Any], TEXT, Never),
    scalar("printf", S, &[Text, Any], TEXT, Always).variadic(),
    scalar("format", S, &[Text, Any], TEXT, Always).variadic(),
    scalar("typeof", S, &[Any], TEXT, Never),
    scalar("abs", ALL, &[Number], Returns::Same, Strict),
    scalar("round", ALL, &[Number, Int], Returns::Round, Strict).optional(1),
    scalar("floor", P | M, &[Number], Returns::Round, Strict),
    scalar("ceil", P | M, &[Number], Returns::Round, Strict),
    scalar("ceiling", P | M, &[Number], Returns::Round, Strict),
    scalar("mod", P | M, &[Int, Int], I64, Always),
    scalar("random", S, &[], I64, Never),
    scalar("random", P, &[], F64, Never),
    scalar("rand", M, &[], F64, Never),
    scalar("now", P | M, &[], INSTANT, Never),
    scalar("current_timestamp", ALL, &[], INSTANT, Never),
    scalar("clock_timestamp", P, &[], INSTANT, Never),
    scalar("transaction_timestamp", P, &[], INSTANT, Never),
    scalar("localtimestamp", P, &[], TIMESTAMP, Never),
    scalar("current_date", ALL, &[], DATE, Never),
    scalar("current_time", S | M, &[], TIME, Never),
    scalar("date", S, &[Any, Text], DATE, Parsed).optional(1).variadic(),
    scalar("date", P | M, &[Any], DATE, Parsed),
    scalar("time", S, &[Any, Text], TIME, Parsed).optional(1).variadic(),
    scalar("datetime", S, &[Any, Text], TIMESTAMP, Parsed).optional(1).variadic(),
    scalar("strftime", S, &[Text, Any, Text], TEXT, Always).optional(1).variadic(),
    scalar("julianday", S, &[Any, Text], F64, Always).optional(1).variadic(),
    scalar("date_trunc", P, &[Text, Time], Returns::Moment, Strict),
    scalar("date_part", P, &[Text, Time], F64, Strict),
    // NULL of an empty format.
    scalar("to_char", P, &[Any, Text], TEXT, Always),
    scalar("date_format", M, &[Any, Text], TEXT, Always),
    scalar("year", M, &[Any], I64, Always),
    scalar("month", M, &[Any], I64, Always),
    scalar("day", M, &[Any], I64, Always),
    scalar("hour", M, &[Any], I64, Always),
    scalar("minute", M, &[Any], I64, Always),
    scalar("datediff", M, &[Any, Any], I64, Always),
    scalar("unix_timestamp", M, &[], I64, Never),
    scalar("from_unixtime", M, &[Int], TIMESTAMP, Always),
    scalar("curdate", M, &[], DATE, Never),
    scalar("utc_timestamp", M, &[], TIMESTAMP, Never),
    scalar("dayofweek", M, &[Any], I64, Always),
    scalar("dayofyear", M, &[Any], I64, Always),
    scalar("weekday", M, &[Any], I64, Always),
    scalar("quarter", M, &[Any], I64, Always),
    scalar("second", M, &[Any], I64, Always),
    scalar("last_day", M, &[Any], DATE, Always),
    scalar("unixepoch", S, &[Any, Text], I64, Always).optional(2).variadic(),
    scalar("make_date", P, &[Int, Int, Int], DATE, Strict),
    scalar("to_timestamp", P, &[Number], INSTANT, Strict),
    scalar("last_insert_rowid", S, &[], I64, Never),
    scalar("changes", S, &[], I64, Never),
    scalar("total_changes", S, &[], I64, Never),
    scalar("nextval", P, &[Text], I64, Never),
    scalar("currval", P, &[Text], I64, Never),
    scalar("sign", S, &[Number], I64, Always),
    scalar("sign", M, &[Number], I64, Strict),
    scalar("sqrt", P, &[Number], Returns::Round, Strict),
    scalar("sqrt", M, &[Number], F64, Always),
    scalar("power", M, &[Number, Number], F64, Always),
    scalar("pow", M, &[Number, Number], F64, Always),
    scalar("ln", M, &[Number], F64, Always),
    scalar("log", M, &[Number], F64, Always),
    scalar("log10", M, &[Number], F64, Always),
    scalar("exp", M, &[Number], F64, Strict),
    scalar("translate", P, &[Text, Text, Text], TEXT, Strict),
    scalar("overlay", P, &[Text, Text, Int, Int], TEXT, Strict).optional(1),
    scalar("format", P, &[Text, Shown], TEXT, First).optional(1).variadic(),
    scalar("starts_with", P, &[Text, Text], BOOL, Strict),
    scalar("ascii", P | M, &[Text], I64, Strict),
    scalar("chr", P, &[Int], TEXT, Strict),
    scalar("quote_ident", P, &[Text], TEXT, Strict),
    scalar("quote_literal", P, &[Text], TEXT, Strict),
    scalar("isnull", M, &[Any], BOOL, Never),
    scalar("find_in_set", M, &[Text, Text], I64, Strict),
    scalar("strcmp", M, &[Text, Text], I64, Strict),
    scalar("substring_index", M, &[Text, Text, Int], TEXT, Strict),
    scalar("space", M, &[Int], TEXT, Always),
    scalar("unicode", S, &[Text], I64, Always),
    scalar("gen_random_uuid", P, &[], Returns::Is(Builtin::Uuid), Never),
    scalar("json", S, &[Any], JSON, Strict),
    scalar("json_object", S | M, &[Any], JSON, Never).variadic(),
    scalar("json_array", S | M, &[Any], JSON, Never).variadic(),
    scalar("json_build_object", P, &[Any], JSON, Never).variadic(),
    scalar("jsonb_build_object", P, &[Any], JSON, Never).variadic(),
    scalar("json_build_array", P, &[Any], JSON, Never).variadic(),
    scalar("jsonb_build_array", P, &[Any], JSON, Never).variadic(),
    scalar("to_jsonb", P, &[Any], JSON, Strict),
    scalar("to_json", P, &[Any], JSON, Strict),
    scalar("json_extract", S | M, &[Any, Text], Returns::Declared, Always).variadic(),
    scalar("json_unquote", M, &[Any], TEXT, Always),
    scalar("json_type", S, &[Any, Text], TEXT, Always).optional(1),
    scalar("json_array_length", S, &[Any, Text], I64, Always).optional(1),
    scalar("jsonb_array_length", P, &[Json], I64, Strict),
    scalar("json_length", M, &[Any, Text], I64, Always).optional(1),
    scalar("json_value", M, &[Any, Text], TEXT, Always),
    scalar("json_contains", M, &[Any, Any, Text], BOOL, Always).optional(1),
    scalar("json_valid", S, &[Any], BOOL, Loose),
    scalar("json_keys", M, &[Any, Text], JSON, Always).optional(1),
    scalar("json_set", S | M, &[Any, Text, Any], JSON, Always).variadic(),
    scalar("json_insert", S | M, &[Any, Text, Any], JSON, Always).variadic(),
    scalar("json_replace", S | M, &[Any, Text, Any], JSON, Always).variadic(),
    scalar("json_remove", S | M, &[Any, Text], JSON, Always).variadic(),
    scalar("json_patch", S, &[Any, Any], JSON, Strict),
    scalar("json_merge_patch", M, &[Any, Any], JSON, Always).variadic(),
    scalar("jsonb_set", P, &[Json, Any, Json, Bool], JSON, Strict).optional(1),
    scalar("jsonb_insert", P, &[Json, Any, Json, Bool], JSON, Strict).optional(1),
    scalar("jsonb_typeof", P, &[Json], TEXT, Strict),
    scalar("json_typeof", P, &[Json], TEXT, Strict),
    scalar("jsonb_strip_nulls", P, &[Json], JSON, Strict),
    scalar("jsonb_pretty", P, &[Json], TEXT, Strict),
    scalar("jsonb_exists", P, &[Json, Text], BOOL, Strict),
    scalar("jsonb_extract_path_text", P, &[Json, Text], TEXT, Always).variadic(),
    scalar("jsonb_extract_path", P, &[Json, Text], JSON, Always).variadic(),
    scalar("array_remove", P, &[Array, Any], Returns::First, Always),
    scalar("array_cat", P, &[Array, Array], Returns::First, Always),
    scalar("array_position", P, &[Array, Any], I64, Always),
    scalar("string_to_array", P, &[Text, Text], Returns::Texts, First),
    scalar("regexp_split_to_array", P, &[Text, Text], Returns::Texts, Strict),
    scalar("array_length", P, &[Array, Int], I64, Always),
    scalar("cardinality", P, &[Array], I64, Strict),
    scalar("array_to_string", P, &[Array, Text], TEXT, Strict),
];
