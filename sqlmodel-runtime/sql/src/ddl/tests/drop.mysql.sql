ALTER TABLE `author`
    DROP FOREIGN KEY `fk_author_masterpiece_id`;

DROP TABLE `t_sqlmodel_archive`.`loan`;

DROP TABLE `t_sqlmodel_archive`.`copy`;

DROP TABLE `book`;

DROP TABLE `author`;

DROP TABLE `kind`;
