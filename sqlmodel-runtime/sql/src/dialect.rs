//! The dialects of SQL that SQLModel writes, what differs between them in general, and values that
//! an author gives once for all dialects or anew for one.

#[cfg(test)]
mod tests;

/// The SQL that a database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// SQLite 3.37 or later.
    Sqlite,
    /// PostgreSQL 13 or later.
    Postgres,
    /// MySQL 8.0.16 or later and MariaDB 10.6 or later: SQL that both accept.
    Mysql,
}

impl Dialect {
    /// Every dialect, in the order in which they are always listed.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mysql];

    /// The name of the dialect in TOML, on the command line and in file names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }

    /// The name of the product, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
        }
    }

    /// Reads back what [`Dialect::name`] returns.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// The longest identifier, or `None` where there is no limit.
    ///
    /// PostgreSQL cuts a longer one silently (manual 4.1.1), MySQL refuses it (manual 11.2.1).
    pub const fn identifier_limit(self) -> Option<IdentifierLimit> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(IdentifierLimit::Bytes(63)),
            Self::Mysql => Some(IdentifierLimit::Characters(64)),
        }
    }

    /// The largest number of parameters of one statement.
    ///
    /// SQLite: the default of `SQLITE_MAX_VARIABLE_NUMBER`.
    /// PostgreSQL and MySQL: the width of the count in their protocols.
    pub const fn parameter_limit(self) -> usize {
        match self {
            Self::Sqlite => 32_766,
            Self::Postgres | Self::Mysql => 65_535,
        }
    }

    /// How a parameter is written in SQL text.
    pub const fn placeholder_style(self) -> PlaceholderStyle {
        match self {
            Self::Sqlite => PlaceholderStyle::NumberedQuestionMark,
            Self::Postgres => PlaceholderStyle::NumberedDollar,
            Self::Mysql => PlaceholderStyle::QuestionMark,
        }
    }

    /// The character around a quoted identifier.
    pub const fn identifier_quote(self) -> char {
        match self {
            Self::Sqlite | Self::Postgres => '"',
            Self::Mysql => '`',
        }
    }
}

impl std::fmt::Display for Dialect {
    /// Writes the name for people, [`Dialect::title`].
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.title())
    }
}

/// The longest identifier of a dialect, in the unit in which the dialect counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdentifierLimit {
    /// Bytes of UTF-8.
    Bytes(usize),
    /// Unicode characters.
    Characters(usize),
}

impl IdentifierLimit {
    /// Returns whether an identifier is within the limit.
    pub fn allows(self, identifier: &str) -> bool {
        match self {
            Self::Bytes(limit) => identifier.len() <= limit,
            Self::Characters(limit) => identifier.chars().count() <= limit,
        }
    }

    /// The beginning of an identifier that leaves room for some ASCII characters after it.
    pub(crate) fn cut(self, identifier: &str, room: usize) -> &str {
        let end = match self {
            Self::Bytes(limit) => identifier.floor_char_boundary(limit.saturating_sub(room)),
            Self::Characters(limit) => identifier
                .char_indices()
                .nth(limit.saturating_sub(room))
                .map_or(identifier.len(), |(start, _)| start),
        };
        identifier.get(..end).unwrap_or(identifier)
    }
}

/// How a parameter is written in SQL text. Numbers start at one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlaceholderStyle {
    /// `?1`
    NumberedQuestionMark,
    /// `$1`
    NumberedDollar,
    /// `?`
    QuestionMark,
}

impl PlaceholderStyle {
    /// Appends the placeholder of a parameter to SQL text.
    pub fn push(self, number: usize, sql: &mut String) {
        match self {
            Self::NumberedQuestionMark => {
                sql.push('?');
                sql.push_str(&number.to_string());
            }
            Self::NumberedDollar => {
                sql.push('$');
                sql.push_str(&number.to_string());
            }
            Self::QuestionMark => sql.push('?'),
        }
    }
}

/// A set of dialects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DialectSet {
    /// Whether SQLite is a member.
    pub sqlite: bool,
    /// Whether PostgreSQL is a member.
    pub postgres: bool,
    /// Whether MySQL is a member.
    pub mysql: bool,
}

impl DialectSet {
    /// The set of all dialects.
    pub const ALL: Self = Self {
        sqlite: true,
        postgres: true,
        mysql: true,
    };
    /// The empty set.
    pub const NONE: Self = Self {
        sqlite: false,
        postgres: false,
        mysql: false,
    };

    /// Returns the set with one more member.
    #[must_use]
    pub const fn with(mut self, dialect: Dialect) -> Self {
        match dialect {
            Dialect::Sqlite => self.sqlite = true,
            Dialect::Postgres => self.postgres = true,
            Dialect::Mysql => self.mysql = true,
        }
        self
    }

    /// Returns whether a dialect is a member.
    pub const fn contains(self, dialect: Dialect) -> bool {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
            Dialect::Mysql => self.mysql,
        }
    }

    /// The members, in the order of [`Dialect::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Dialect> {
        Dialect::ALL
            .into_iter()
            .filter(move |&dialect| self.contains(dialect))
    }
}

impl FromIterator<Dialect> for DialectSet {
    fn from_iter<I: IntoIterator<Item = Dialect>>(dialects: I) -> Self {
        dialects.into_iter().fold(Self::NONE, Self::with)
    }
}

/// A value given once for all dialects, anew for some of them, or for some of them only.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PerDialect<T> {
    /// The value of every dialect that has none of its own.
    pub portable: Option<T>,
    /// The value of SQLite.
    pub sqlite: Option<T>,
    /// The value of PostgreSQL.
    pub postgres: Option<T>,
    /// The value of MySQL.
    pub mysql: Option<T>,
}

impl<T> PerDialect<T> {
    /// No value for any dialect.
    pub const NONE: Self = Self {
        portable: None,
        sqlite: None,
        postgres: None,
        mysql: None,
    };

    /// One value for every dialect.
    pub const fn portable(value: T) -> Self {
        Self {
            portable: Some(value),
            sqlite: None,
            postgres: None,
            mysql: None,
        }
    }

    /// A value for each dialect, made by a function; a portable one if they are all equal.
    pub fn from_fn(mut value: impl FnMut(Dialect) -> T) -> Self
    where
        T: PartialEq,
    {
        let [sqlite, postgres, mysql] = Dialect::ALL.map(&mut value);
        if sqlite == postgres && postgres == mysql {
            return Self::portable(sqlite);
        }
        Self {
            portable: None,
            sqlite: Some(sqlite),
            postgres: Some(postgres),
            mysql: Some(mysql),
        }
    }

    /// The value of a dialect: its own, else the portable one.
    pub const fn get(&self, dialect: Dialect) -> Option<&T> {
        let own = match dialect {
            Dialect::Sqlite => &self.sqlite,
            Dialect::Postgres => &self.postgres,
            Dialect::Mysql => &self.mysql,
        };
        match own {
            Some(value) => Some(value),
            None => self.portable.as_ref(),
        }
    }

    /// Returns whether no dialect has a value.
    pub const fn is_none(&self) -> bool {
        self.portable.is_none()
            && self.sqlite.is_none()
            && self.postgres.is_none()
            && self.mysql.is_none()
    }

    /// The dialects that have a value.
    pub fn dialects(&self) -> DialectSet {
        Dialect::ALL
            .into_iter()
            .filter(|&dialect| self.get(dialect).is_some())
            .collect()
    }
}

impl<T> Default for PerDialect<T> {
    fn default() -> Self {
        Self::NONE
    }
}
