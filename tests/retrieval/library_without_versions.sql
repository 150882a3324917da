-- A library as it was made before agreements had versions: two agreements, one with a likely question.
BEGIN TRANSACTION;
CREATE TABLE agreement (
	"key" VARCHAR(64) NOT NULL, 
	position INTEGER NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	described TEXT NOT NULL, 
	source_text TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "agreement" VALUES('yi',1,'52dd29d4c35f7689d1e420d80e4057373990fdbd93f9801249712ba24236c237','{"effective": null, "file": "yi.txt", "key": "yi", "names": ["yi"], "parties": ["甲方"], "questions": null, "source": "测试", "supplements": [], "title": "yi协议", "updated": "2022-10-18"}','一、期限

1.1 期限一年。

1.2 期满终止。
');
INSERT INTO "agreement" VALUES('jia',0,'53e3cb142492c1c504024844f303491a956d13ce616e854568878d7d4258b84a','{"effective": null, "file": "jia.txt", "key": "jia", "names": ["jia"], "parties": ["甲方"], "questions": "jia.questions.jsonl", "source": "测试", "supplements": [], "title": "jia协议", "updated": null}','一、费用

1.1 甲方应当付款。

1.2 逾期付款的，按日支付违约金。
');
CREATE TABLE clause (
	agreement VARCHAR(64) NOT NULL, 
	id VARCHAR(128) NOT NULL, 
	position INTEGER NOT NULL, 
	number VARCHAR(64) NOT NULL, 
	occurrence INTEGER NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	level INTEGER NOT NULL, 
	parent VARCHAR(128), 
	heading TEXT NOT NULL, 
	text TEXT NOT NULL, 
	annex BOOLEAN NOT NULL, 
	label TEXT NOT NULL, 
	PRIMARY KEY (agreement, id)
);
INSERT INTO "clause" VALUES('yi','一',0,'一',1,'article',1,NULL,'期限','',0,'《yi协议》一');
INSERT INTO "clause" VALUES('yi','1.1',1,'1.1',1,'clause',2,'一','','期限一年。',0,'《yi协议》1.1');
INSERT INTO "clause" VALUES('yi','1.2',2,'1.2',1,'clause',2,'一','','期满终止。',0,'《yi协议》1.2');
INSERT INTO "clause" VALUES('jia','一',0,'一',1,'article',1,NULL,'费用','',0,'《jia协议》一');
INSERT INTO "clause" VALUES('jia','1.1',1,'1.1',1,'clause',2,'一','','甲方应当付款。',0,'《jia协议》1.1');
INSERT INTO "clause" VALUES('jia','1.2',2,'1.2',1,'clause',2,'一','','逾期付款的，按日支付违约金。',0,'《jia协议》1.2');
CREATE TABLE likely_question (
	agreement VARCHAR(64) NOT NULL, 
	clause VARCHAR(128) NOT NULL, 
	position INTEGER NOT NULL, 
	voice VARCHAR(16) NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (agreement, clause, position)
);
INSERT INTO "likely_question" VALUES('jia','1.1',0,'plain','谁付款？');
COMMIT;
