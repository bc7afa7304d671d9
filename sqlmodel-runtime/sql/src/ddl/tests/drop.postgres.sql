ALTER TABLE "it's ""a` \; DROP TABLE kind; --"
    DROP CONSTRAINT "it's ""a` \; DROP TABLE kind; --";

ALTER TABLE "author"
    DROP CONSTRAINT "fk_author_masterpiece_id";

DROP TABLE "*/ $$ \' #{} %s";

DROP TABLE "it's ""a` \; DROP TABLE kind; --";

DROP TABLE "t_sqlmodel_archive"."loan";

DROP TABLE "t_sqlmodel_archive"."copy";

DROP TABLE "book";

DROP TABLE "author";

DROP TABLE "kind";

DROP TYPE "status";
