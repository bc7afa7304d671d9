CREATE SCHEMA IF NOT EXISTS `t_sqlmodel_archive`;

CREATE TABLE `kind` (
    `id` BIGINT NOT NULL AUTO_INCREMENT,
    `a_bool` BOOLEAN NOT NULL DEFAULT TRUE,
    `a_bool_array` JSON NOT NULL DEFAULT ('[true,true]'),
    `an_i16` SMALLINT NOT NULL DEFAULT -32768,
    `an_i16_array` JSON NOT NULL DEFAULT ('[-32768,-32768]'),
    `an_i32` INT NOT NULL DEFAULT -2147483648,
    `an_i32_array` JSON NOT NULL DEFAULT ('[-2147483648,-2147483648]'),
    `an_i64` BIGINT NOT NULL DEFAULT -9223372036854775808,
    `an_i64_array` JSON NOT NULL DEFAULT ('[-9223372036854775808,-9223372036854775808]'),
    `an_f32` FLOAT NOT NULL DEFAULT 1.5,
    `an_f32_array` JSON NOT NULL DEFAULT ('[1.5,1.5]'),
    `an_f64` DOUBLE NOT NULL DEFAULT -1e300,
    `an_f64_array` JSON NOT NULL DEFAULT ('[-1e300,-1e300]'),
    `a_decimal` DECIMAL(12, 2) NOT NULL DEFAULT -0.50,
    `a_decimal_array` JSON NOT NULL DEFAULT ('["-0.5","-0.5"]'),
    `a_text` LONGTEXT NOT NULL DEFAULT ('it''s a \\ and "more"'),
    `a_text_array` JSON NOT NULL DEFAULT ('["it''s a \\\\ and \\"more\\"","it''s a \\\\ and \\"more\\""]'),
    `a_short_text` VARCHAR(80) NOT NULL DEFAULT '\\'' é 🦀',
    `a_short_text_array` JSON NOT NULL DEFAULT ('["\\\\'' é 🦀","\\\\'' é 🦀"]'),
    `some_bytes` LONGBLOB NOT NULL DEFAULT (X'00275cff'),
    `some_bytes_array` JSON NOT NULL DEFAULT ('["00275cff","00275cff"]'),
    `a_uuid` BINARY(16) NOT NULL DEFAULT X'abababababababababababababababab',
    `a_uuid_array` JSON NOT NULL DEFAULT ('["abababab-abab-abab-abab-abababababab","abababab-abab-abab-abab-abababababab"]'),
    `a_date` DATE NOT NULL DEFAULT '2024-02-29',
    `a_date_array` JSON NOT NULL DEFAULT ('["2024-02-29","2024-02-29"]'),
    `a_time` TIME(6) NOT NULL DEFAULT '23:59:59.000001',
    `a_time_array` JSON NOT NULL DEFAULT ('["23:59:59.000001","23:59:59.000001"]'),
    `a_timestamp` DATETIME(6) NOT NULL DEFAULT '2024-02-29 23:59:59.000001',
    `a_timestamp_array` JSON NOT NULL DEFAULT ('["2024-02-29 23:59:59.000001","2024-02-29 23:59:59.000001"]'),
    `a_timestamptz` DATETIME(6) NOT NULL DEFAULT '2024-02-29 23:59:59.000001',
    `a_timestamptz_array` JSON NOT NULL DEFAULT ('["2024-02-29 23:59:59.000001","2024-02-29 23:59:59.000001"]'),
    `a_duration` BIGINT NOT NULL DEFAULT -1,
    `a_duration_array` JSON NOT NULL DEFAULT ('[-1,-1]'),
    `a_json` JSON NOT NULL DEFAULT ('{"a":"b''\\\\n"}'),
    `a_json_array` JSON NOT NULL DEFAULT ('[{"a":"b''\\\\n"},{"a":"b''\\\\n"}]'),
    `text_enum` VARCHAR(64) NOT NULL DEFAULT 'it''s',
    `text_enum_array` JSON NOT NULL DEFAULT ('["it''s","it''s"]'),
    `int_enum` INT NOT NULL DEFAULT 2,
    `int_enum_array` JSON NOT NULL DEFAULT ('[2,2]'),
    `native_enum` ENUM('draft', 'it''s', 'back\\slash') NOT NULL DEFAULT 'back\\slash',
    `native_enum_array` JSON NOT NULL DEFAULT ('["back\\\\slash","back\\\\slash"]'),
    `nothing` LONGTEXT DEFAULT NULL,
    `nothing_array` JSON DEFAULT ('[null,null]'),
    `at_date` DATE NOT NULL DEFAULT (UTC_DATE()),
    `at_time` TIME(6) NOT NULL DEFAULT (UTC_TIME(6)),
    `at_timestamp` DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
    `at_timestamptz` DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
    `client_uuid` BINARY(16),
    `an_expression` INT NOT NULL DEFAULT (
1 + 1 -- two
),
    PRIMARY KEY (`id`)
)
ENGINE = InnoDB
DEFAULT CHARACTER SET = utf8mb4
COMMENT = 'Every type; it''s a \\ test.';

CREATE TABLE `author` (
    `id` BIGINT NOT NULL AUTO_INCREMENT,
    `name` VARCHAR(80) NOT NULL COMMENT 'As on the cover.',
    `email` VARCHAR(320) NOT NULL,
    `masterpiece_id` BIGINT,
    `mentor_id` BIGINT,
    PRIMARY KEY (`id`),
    CONSTRAINT `uq_author_email` UNIQUE (`email`),
    CONSTRAINT `fk_author_mentor_id` FOREIGN KEY (`mentor_id`)
        REFERENCES `author` (`id`)
        ON DELETE RESTRICT
)
ENGINE = InnoDB
DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE `book` (
    `id` BIGINT NOT NULL AUTO_INCREMENT,
    `author_id` BIGINT NOT NULL,
    `title` VARCHAR(200) COLLATE `utf8mb4_bin` NOT NULL,
    `price` DECIMAL(12, 2) NOT NULL,
    `body` MEDIUMTEXT,
    `slug` VARCHAR(200) GENERATED ALWAYS AS (lower(title)) STORED,
    PRIMARY KEY (`id`),
    CONSTRAINT `uq_book_author_id_title` UNIQUE (`author_id`, `title`),
    CONSTRAINT `fk_book_author_id` FOREIGN KEY (`author_id`)
        REFERENCES `author` (`id`)
        ON DELETE CASCADE
        ON UPDATE CASCADE,
    CONSTRAINT `ck_book_title` CHECK (length(title) > 0),
    INDEX `ix_book_author_id_price` (`author_id`, `price` DESC),
    UNIQUE INDEX `ix_book_slug` (`slug`),
    INDEX `ix_book_title` (`title` DESC),
    FULLTEXT INDEX `ix_book_body` (`body`)
)
ENGINE = InnoDB
DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE `t_sqlmodel_archive`.`copy` (
    `book` BIGINT NOT NULL,
    `number` SMALLINT NOT NULL,
    PRIMARY KEY (`book`, `number`)
)
ENGINE = InnoDB
DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE `t_sqlmodel_archive`.`loan` (
    `id` BINARY(16) NOT NULL,
    `book` BIGINT NOT NULL,
    `number` SMALLINT NOT NULL,
    PRIMARY KEY (`id`),
    CONSTRAINT `fk_loan_book_number` FOREIGN KEY (`book`, `number`)
        REFERENCES `t_sqlmodel_archive`.`copy` (`book`, `number`),
    INDEX `ix_loan_number` (`number`)
)
ENGINE = InnoDB
DEFAULT CHARACTER SET = utf8mb4;

CREATE TABLE `it's "a`` \; DROP TABLE kind; --` (
    `it's "a`` \; DROP TABLE kind; --` BIGINT NOT NULL,
    `*/ $$ \' #{} %s` VARCHAR(80) NOT NULL DEFAULT 'it''s "a` \\; DROP TABLE kind; --' COMMENT '*/ $$ \\'' #{} %s',
    PRIMARY KEY (`it's "a`` \; DROP TABLE kind; --`)
)
ENGINE = InnoDB
DEFAULT CHARACTER SET = utf8mb4
COMMENT = 'it''s "a` \\; DROP TABLE kind; --';

CREATE TABLE `*/ $$ \' #{} %s` (
    `*/ $$ \' #{} %s` BIGINT NOT NULL,
    `it's "a`` \; DROP TABLE kind; --` VARCHAR(80) NOT NULL DEFAULT '*/ $$ \\'' #{} %s' COMMENT 'it''s "a` \\; DROP TABLE kind; --',
    PRIMARY KEY (`*/ $$ \' #{} %s`),
    CONSTRAINT `*/ $$ \' #{} %s` FOREIGN KEY (`*/ $$ \' #{} %s`)
        REFERENCES `it's "a`` \; DROP TABLE kind; --` (`it's "a`` \; DROP TABLE kind; --`)
)
ENGINE = InnoDB
DEFAULT CHARACTER SET = utf8mb4
COMMENT = '*/ $$ \\'' #{} %s';

ALTER TABLE `author`
    ADD CONSTRAINT `fk_author_masterpiece_id` FOREIGN KEY (`masterpiece_id`)
        REFERENCES `book` (`id`)
        ON DELETE SET NULL;

ALTER TABLE `it's "a`` \; DROP TABLE kind; --`
    ADD CONSTRAINT `it's "a`` \; DROP TABLE kind; --` FOREIGN KEY (`it's "a`` \; DROP TABLE kind; --`)
        REFERENCES `*/ $$ \' #{} %s` (`*/ $$ \' #{} %s`);
