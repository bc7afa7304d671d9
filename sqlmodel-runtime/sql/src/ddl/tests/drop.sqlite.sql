PRAGMA defer_foreign_keys = ON;

DROP TABLE "*/ $$ \' #{} %s";

DROP TABLE "it's ""a` \; DROP TABLE kind; --";

DROP TABLE "loan";

DROP TABLE "copy";

DROP TABLE "book";

DROP TABLE "author";

DROP TABLE "kind";
