CREATE TABLE IF NOT EXISTS "kind" (
    "id" INTEGER NOT NULL,
    "a_bool" BOOLEAN NOT NULL DEFAULT TRUE,
    "a_bool_array" TEXT NOT NULL DEFAULT '[true,true]',
    "an_i16" INTEGER NOT NULL DEFAULT -32768,
    "an_i16_array" TEXT NOT NULL DEFAULT '[-32768,-32768]',
    "an_i32" INTEGER NOT NULL DEFAULT -2147483648,
    "an_i32_array" TEXT NOT NULL DEFAULT '[-2147483648,-2147483648]',
    "an_i64" INTEGER NOT NULL DEFAULT -9223372036854775808,
    "an_i64_array" TEXT NOT NULL DEFAULT '[-9223372036854775808,-9223372036854775808]',
    "an_f32" REAL NOT NULL DEFAULT 1.5,
    "an_f32_array" TEXT NOT NULL DEFAULT '[1.5,1.5]',
    "an_f64" REAL NOT NULL DEFAULT -1e300,
    "an_f64_array" TEXT NOT NULL DEFAULT '[-1e300,-1e300]',
    "a_decimal" TEXT NOT NULL DEFAULT '-0.5',
    "a_decimal_array" TEXT NOT NULL DEFAULT '["-0.5","-0.5"]',
    "a_text" TEXT NOT NULL DEFAULT 'it''s a \ and "more"',
    "a_text_array" TEXT NOT NULL DEFAULT '["it''s a \\ and \"more\"","it''s a \\ and \"more\""]',
    "a_short_text" VARCHAR(80) NOT NULL DEFAULT '\'' é 🦀',
    "a_short_text_array" TEXT NOT NULL DEFAULT '["\\'' é 🦀","\\'' é 🦀"]',
    "some_bytes" BLOB NOT NULL DEFAULT X'00275cff',
    "some_bytes_array" TEXT NOT NULL DEFAULT '["00275cff","00275cff"]',
    "a_uuid" BLOB NOT NULL DEFAULT X'abababababababababababababababab',
    "a_uuid_array" TEXT NOT NULL DEFAULT '["abababab-abab-abab-abab-abababababab","abababab-abab-abab-abab-abababababab"]',
    "a_date" TEXT NOT NULL DEFAULT '2024-02-29',
    "a_date_array" TEXT NOT NULL DEFAULT '["2024-02-29","2024-02-29"]',
    "a_time" TEXT NOT NULL DEFAULT '23:59:59.000001',
    "a_time_array" TEXT NOT NULL DEFAULT '["23:59:59.000001","23:59:59.000001"]',
    "a_timestamp" TEXT NOT NULL DEFAULT '2024-02-29 23:59:59.000001',
    "a_timestamp_array" TEXT NOT NULL DEFAULT '["2024-02-29 23:59:59.000001","2024-02-29 23:59:59.000001"]',
    "a_timestamptz" TEXT NOT NULL DEFAULT '2024-02-29 23:59:59.000001',
    "a_timestamptz_array" TEXT NOT NULL DEFAULT '["2024-02-29 23:59:59.000001","2024-02-29 23:59:59.000001"]',
    "a_duration" INTEGER NOT NULL DEFAULT -1,
    "a_duration_array" TEXT NOT NULL DEFAULT '[-1,-1]',
    "a_json" TEXT NOT NULL DEFAULT '{"a":"b''\\n"}',
    "a_json_array" TEXT NOT NULL DEFAULT '[{"a":"b''\\n"},{"a":"b''\\n"}]',
    "text_enum" TEXT NOT NULL DEFAULT 'it''s',
    "text_enum_array" TEXT NOT NULL DEFAULT '["it''s","it''s"]',
    "int_enum" INTEGER NOT NULL DEFAULT 2,
    "int_enum_array" TEXT NOT NULL DEFAULT '[2,2]',
    "native_enum" TEXT NOT NULL DEFAULT 'back\slash',
    "native_enum_array" TEXT NOT NULL DEFAULT '["back\\slash","back\\slash"]',
    "nothing" TEXT DEFAULT NULL,
    "nothing_array" TEXT DEFAULT '[null,null]',
    "at_date" TEXT NOT NULL DEFAULT (date('now')),
    "at_time" TEXT NOT NULL DEFAULT (strftime('%H:%M:%f000', 'now')),
    "at_timestamp" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')),
    "at_timestamptz" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')),
    "client_uuid" BLOB,
    "an_expression" INTEGER NOT NULL DEFAULT (
1 + 1 -- two
),
    CONSTRAINT "pk_kind" PRIMARY KEY ("id")
);

CREATE TABLE IF NOT EXISTS "author" (
    "id" INTEGER NOT NULL,
    "name" VARCHAR(80) NOT NULL,
    "email" VARCHAR(320) NOT NULL,
    "masterpiece_id" INTEGER,
    "mentor_id" INTEGER,
    CONSTRAINT "pk_author" PRIMARY KEY ("id"),
    CONSTRAINT "uq_author_email" UNIQUE ("email"),
    CONSTRAINT "fk_author_masterpiece_id" FOREIGN KEY ("masterpiece_id")
        REFERENCES "book" ("id")
        ON DELETE SET NULL,
    CONSTRAINT "fk_author_mentor_id" FOREIGN KEY ("mentor_id")
        REFERENCES "author" ("id")
        ON DELETE RESTRICT
);

CREATE TABLE IF NOT EXISTS "book" (
    "id" INTEGER NOT NULL,
    "author_id" INTEGER NOT NULL,
    "title" VARCHAR(200) COLLATE "NOCASE" NOT NULL,
    "price" TEXT NOT NULL,
    "body" TEXT,
    "slug" VARCHAR(200) GENERATED ALWAYS AS (lower(title)) STORED NOT NULL,
    CONSTRAINT "pk_book" PRIMARY KEY ("id"),
    CONSTRAINT "uq_book_author_id_title" UNIQUE ("author_id", "title"),
    CONSTRAINT "fk_book_author_id" FOREIGN KEY ("author_id")
        REFERENCES "author" ("id")
        ON DELETE CASCADE
        ON UPDATE CASCADE,
    CONSTRAINT "ck_book_title" CHECK (length(title) > 0)
);

CREATE INDEX IF NOT EXISTS "ix_book_author_id_price"
    ON "book" ("author_id", "price" DESC);

CREATE UNIQUE INDEX IF NOT EXISTS "ix_book_slug"
    ON "book" ("slug");

CREATE INDEX IF NOT EXISTS "ix_book_lower_title"
    ON "book" ((lower(title)))
    WHERE (author_id > 0);

CREATE INDEX IF NOT EXISTS "ix_book_title"
    ON "book" ("title" DESC);

CREATE TABLE IF NOT EXISTS "copy" (
    "book" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    CONSTRAINT "pk_copy" PRIMARY KEY ("book", "number")
);

CREATE TABLE IF NOT EXISTS "loan" (
    "id" BLOB NOT NULL,
    "book" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    CONSTRAINT "pk_loan" PRIMARY KEY ("id"),
    CONSTRAINT "fk_loan_book_number" FOREIGN KEY ("book", "number")
        REFERENCES "copy" ("book", "number")
);

CREATE INDEX IF NOT EXISTS "ix_loan_number"
    ON "loan" ("number");

CREATE TABLE IF NOT EXISTS "it's ""a` \; DROP TABLE kind; --" (
    "it's ""a` \; DROP TABLE kind; --" INTEGER NOT NULL,
    "*/ $$ \' #{} %s" VARCHAR(80) NOT NULL DEFAULT 'it''s "a` \; DROP TABLE kind; --',
    CONSTRAINT "); --" PRIMARY KEY ("it's ""a` \; DROP TABLE kind; --"),
    CONSTRAINT "it's ""a` \; DROP TABLE kind; --" FOREIGN KEY ("it's ""a` \; DROP TABLE kind; --")
        REFERENCES "*/ $$ \' #{} %s" ("*/ $$ \' #{} %s")
);

CREATE TABLE IF NOT EXISTS "*/ $$ \' #{} %s" (
    "*/ $$ \' #{} %s" INTEGER NOT NULL,
    "it's ""a` \; DROP TABLE kind; --" VARCHAR(80) NOT NULL DEFAULT '*/ $$ \'' #{} %s',
    CONSTRAINT "\""'`" PRIMARY KEY ("*/ $$ \' #{} %s"),
    CONSTRAINT "*/ $$ \' #{} %s" FOREIGN KEY ("*/ $$ \' #{} %s")
        REFERENCES "it's ""a` \; DROP TABLE kind; --" ("it's ""a` \; DROP TABLE kind; --")
);

PRAGMA defer_foreign_keys = ON;

DROP TABLE IF EXISTS "*/ $$ \' #{} %s";

DROP TABLE IF EXISTS "it's ""a` \; DROP TABLE kind; --";

DROP TABLE IF EXISTS "loan";

DROP TABLE IF EXISTS "copy";

DROP TABLE IF EXISTS "book";

DROP TABLE IF EXISTS "author";

DROP TABLE IF EXISTS "kind";
