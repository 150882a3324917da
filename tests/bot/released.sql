-- A database as it was made before there were migrations, every table with rows in it.
BEGIN TRANSACTION;
CREATE TABLE agreement (
	"key" VARCHAR(64) NOT NULL, 
	position INTEGER NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	described TEXT NOT NULL, 
	source_text TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "agreement" VALUES('jia',0,'5c54ee788639c44b4ff4d05899b188e1547f7743663c47d53eac3cf8bea3738a','{"effective": null, "file": "jia.txt", "key": "jia", "names": ["甲"], "parties": ["甲方"], "questions": "jia.questions.jsonl", "source": "测试", "supplements": [], "title": "甲协议", "updated": null, "version": 1}','一、费用

1.1 甲方应当在 7 日内付款。

1.2 逾期付款的，按日支付违约金。
');
INSERT INTO "agreement" VALUES('yi',1,'e924c9f21ccafdcf36b9f7e28dad662a6ba3698d27f4f1b108bf23a1fd312e2c','{"effective": null, "file": "later.txt", "key": "yi", "names": ["停车协议"], "parties": [], "questions": null, "source": "yi.txt", "supplements": [], "title": "停车协议", "updated": null, "version": 2}','停车协议

一、收费

1.1 停车每小时收费 5 元。

1.2 您可以在 15 日内申请开具发票。
');
CREATE TABLE agreement_version (
	agreement VARCHAR(64) NOT NULL, 
	number INTEGER NOT NULL, 
	shipped BOOLEAN NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	file TEXT NOT NULL, 
	data BLOB NOT NULL, 
	text TEXT NOT NULL, 
	described TEXT NOT NULL, 
	added_at DATETIME NOT NULL, 
	parser VARCHAR(16) NOT NULL, 
	PRIMARY KEY (agreement, number)
);
INSERT INTO "agreement_version" VALUES('jia',1,1,'f0260ae047d3f5e227145d78821c0ec5249803b09f359f588f2d37b65bd7c39d','jia.txt',X'E4B880E38081E8B4B9E794A80A0A312E3120E794B2E696B9E5BA94E5BD93E59CA8203720E697A5E58685E4BB98E6ACBEE380820A0A312E3220E980BEE69C9FE4BB98E6ACBEE79A84EFBC8CE68C89E697A5E694AFE4BB98E8BF9DE7BAA6E98791E380820A','一、费用

1.1 甲方应当在 7 日内付款。

1.2 逾期付款的，按日支付违约金。
','{"effective": null, "file": "jia.txt", "key": "jia", "names": ["甲"], "parties": ["甲方"], "questions": "jia.questions.jsonl", "source": "测试", "supplements": [], "title": "甲协议", "updated": null, "version": 1}','2026-11-22 00:45:50.571179','3');
INSERT INTO "agreement_version" VALUES('yi',1,0,'73ce29ff14602911cbfde8545bc4edf67ba5bcf21e8ad4a4cc75073778be5c96','yi.txt',X'E5819CE8BDA6E58D8FE8AEAE0A0AE4B880E38081E694B6E8B4B90A0A312E3120E5819CE8BDA6E6AF8FE5B08FE697B6E694B6E8B4B9203520E58583E380820A0A312E3220E682A8E58FAFE4BBA5E59CA820333020E697A5E58685E794B3E8AFB7E5BC80E585B7E58F91E7A5A8E380820A','停车协议

一、收费

1.1 停车每小时收费 5 元。

1.2 您可以在 30 日内申请开具发票。
','{"effective": null, "file": "yi.txt", "key": "yi", "names": ["停车协议"], "parties": [], "questions": null, "source": "yi.txt", "supplements": [], "title": "停车协议", "updated": null, "version": 1}','2026-11-22 00:45:50.760035','3');
INSERT INTO "agreement_version" VALUES('yi',2,0,'20f05768295ee22fcca0ab63ae2ee5fab6549ef5a70664bc3b495ac58fdcea8e','later.txt',X'E5819CE8BDA6E58D8FE8AEAE0A0AE4B880E38081E694B6E8B4B90A0A312E3120E5819CE8BDA6E6AF8FE5B08FE697B6E694B6E8B4B9203520E58583E380820A0A312E3220E682A8E58FAFE4BBA5E59CA820313520E697A5E58685E794B3E8AFB7E5BC80E585B7E58F91E7A5A8E380820A','停车协议

一、收费

1.1 停车每小时收费 5 元。

1.2 您可以在 15 日内申请开具发票。
','{"effective": null, "file": "later.txt", "key": "yi", "names": ["停车协议"], "parties": [], "questions": null, "source": "yi.txt", "supplements": [], "title": "停车协议", "updated": null, "version": 2}','2026-11-22 00:45:50.813850','3');
CREATE TABLE allowed (
	channel VARCHAR NOT NULL, 
	kind VARCHAR(8) NOT NULL, 
	id VARCHAR NOT NULL, 
	denied BOOLEAN NOT NULL, 
	agreements TEXT, 
	"by" VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (channel, kind, id)
);
INSERT INTO "allowed" VALUES('telegram','chat','-100',0,'["jia"]','1','2026-11-22 00:45:54.679178');
INSERT INTO "allowed" VALUES('telegram','user','9',1,NULL,'1','2026-11-22 00:45:54.682843');
CREATE TABLE announced (
	channel VARCHAR NOT NULL, 
	agreement VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (channel, agreement, number)
);
INSERT INTO "announced" VALUES('telegram','jia',1,'2026-11-22 00:45:54.705596');
INSERT INTO "announced" VALUES('telegram','yi',1,'2026-11-22 00:45:54.706290');
INSERT INTO "announced" VALUES('telegram','yi',2,'2026-11-22 00:45:54.706610');
CREATE TABLE answer (
	id VARCHAR(12) NOT NULL, 
	at DATETIME NOT NULL, 
	channel VARCHAR NOT NULL, 
	chat VARCHAR NOT NULL, 
	thread VARCHAR NOT NULL, 
	asker VARCHAR NOT NULL, 
	question TEXT NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	"key" VARCHAR(64), 
	served_from VARCHAR(12), 
	fingerprint TEXT NOT NULL, 
	said TEXT NOT NULL, 
	answer TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "answer" VALUES('1m80beyzekeb','2026-11-22 00:45:54.542649','terminal','','ask','lin','停车每小时收费多少？','answered','1fb591f48b094bbb3acf0a7f7231ef7d3a28752f05143ab5dcb5a71260c253bd',NULL,'d928b8b7616181a4/4e4acddf5d7b/extractive/a58e389dc431/dc7b5d936957','停车每小时收费 5 元。（《停车协议》1.1）','{"id": "84d4d8fc4439", "question": "停车每小时收费多少？", "status": "answered", "text": "停车每小时收费 5 元。（《停车协议》1.1）", "statements": [{"text": "停车每小时收费 5 元。", "citations": [0]}], "citations": [{"agreement": "yi", "id": "1.1", "number": "1.1", "label": "《停车协议》1.1", "quote": "停车每小时收费 5 元。", "path": "收费", "under": "", "refers": [], "defines": [], "unheld": []}], "related": [], "retrieved": [{"agreement": "yi", "id": "1.1", "score": 0.631518}, {"agreement": "jia", "id": "1.2", "score": 0.290628}, {"agreement": "jia", "id": "1.1", "score": 0.145149}, {"agreement": "yi", "id": "1.2", "score": 0.02243}], "withheld": [], "choices": [], "message": "", "notice": "", "confidence": 0.933, "threshold": 0.67, "suggestions": ["甲：谁付款？"], "model": "extractive", "prompt_version": "", "tokens": {"prompt": 0, "completion": 0}, "latency_ms": 69.7, "language": "zh-Hans", "repaired": 0, "first_ms": null, "left_out": 0, "cached": false, "model_failed": false}');
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
INSERT INTO "clause" VALUES('jia','一',0,'一',1,'article',1,NULL,'费用','',0,'《甲协议》一');
INSERT INTO "clause" VALUES('jia','1.1',1,'1.1',1,'clause',2,'一','','甲方应当在 7 日内付款。',0,'《甲协议》1.1');
INSERT INTO "clause" VALUES('jia','1.2',2,'1.2',1,'clause',2,'一','','逾期付款的，按日支付违约金。',0,'《甲协议》1.2');
INSERT INTO "clause" VALUES('yi','一',0,'一',1,'article',1,NULL,'收费','',0,'《停车协议》一');
INSERT INTO "clause" VALUES('yi','1.1',1,'1.1',1,'clause',2,'一','','停车每小时收费 5 元。',0,'《停车协议》1.1');
INSERT INTO "clause" VALUES('yi','1.2',2,'1.2',1,'clause',2,'一','','您可以在 15 日内申请开具发票。',0,'《停车协议》1.2');
CREATE TABLE conversation (
	channel VARCHAR NOT NULL, 
	chat VARCHAR NOT NULL, 
	thread VARCHAR NOT NULL, 
	asker VARCHAR NOT NULL, 
	began DATETIME NOT NULL, 
	PRIMARY KEY (channel, chat, thread, asker)
);
INSERT INTO "conversation" VALUES('telegram','-100','','7','2026-11-22 00:45:54.698260');
CREATE TABLE inbox (
	channel VARCHAR NOT NULL, 
	chat VARCHAR NOT NULL, 
	message VARCHAR NOT NULL, 
	thread VARCHAR NOT NULL, 
	asker VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	quoted TEXT NOT NULL, 
	private BOOLEAN NOT NULL, 
	agreements TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	state VARCHAR(8) NOT NULL, 
	taken_by VARCHAR(16) NOT NULL, 
	beaten DATETIME NOT NULL, 
	handle TEXT NOT NULL, 
	PRIMARY KEY (channel, chat, message)
);
INSERT INTO "inbox" VALUES('telegram','-100','41','','7','多久付款？“😀”𠮷\n','引用',0,'["jia"]','2026-01-02 03:04:05.678901','waiting','596342ce1b1b11e3','2026-01-02 03:04:05.678901','900');
INSERT INTO "inbox" VALUES('telegram','-100','42','','7','','',1,'[]','2026-01-02 03:04:05.678901','done','596342ce1b1b11e3','2026-01-02 03:04:05.678901','');
CREATE TABLE lease (
	name VARCHAR NOT NULL, 
	holder VARCHAR(16) NOT NULL, 
	renewed DATETIME NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "lease" VALUES('telegram','6d3e2694747d3222','2026-11-22 00:45:54.695422');
CREATE TABLE library_change (
	id INTEGER NOT NULL, 
	count INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "library_change" VALUES(1,5);
CREATE TABLE likely_question (
	agreement VARCHAR(64) NOT NULL, 
	clause VARCHAR(128) NOT NULL, 
	position INTEGER NOT NULL, 
	voice VARCHAR(16) NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (agreement, clause, position)
);
INSERT INTO "likely_question" VALUES('jia','1.1',0,'plain','谁付款？');
CREATE TABLE removed_agreement (
	"key" VARCHAR(64) NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "removed_agreement" VALUES('lao');
CREATE TABLE seen_update (
	channel VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (channel, id)
);
INSERT INTO "seen_update" VALUES('telegram','77','2026-01-02 03:04:05.678901');
CREATE TABLE shown_answer (
	channel VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	record VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (channel, id)
);
INSERT INTO "shown_answer" VALUES('telegram','900','0123456789ab','2026-11-22 00:45:54.688924');
CREATE TABLE spending (
	day VARCHAR(10) NOT NULL, 
	chat VARCHAR(64) NOT NULL, 
	tokens BIGINT NOT NULL, 
	money BIGINT NOT NULL, 
	PRIMARY KEY (day, chat)
);
INSERT INTO "spending" VALUES('2026-11-22','*',15,0);
INSERT INTO "spending" VALUES('2026-11-22','aa590b0ee9cff01f225143534e137da590e9c949798952bb33d3dde4b5dcfe00',15,0);
CREATE TABLE subscribed (
	channel VARCHAR NOT NULL, 
	chat VARCHAR NOT NULL, 
	agreements TEXT, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (channel, chat)
);
INSERT INTO "subscribed" VALUES('telegram','-100','["jia"]','2026-11-22 00:45:54.683465');
CREATE TABLE told (
	channel VARCHAR NOT NULL, 
	chat VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (channel, chat, kind)
);
INSERT INTO "told" VALUES('telegram','-100','hello','2026-11-22 00:45:54.684246');
CREATE TABLE version_clause (
	agreement VARCHAR(64) NOT NULL, 
	version INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	id VARCHAR(128) NOT NULL, 
	number VARCHAR(64) NOT NULL, 
	occurrence INTEGER NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	level INTEGER NOT NULL, 
	parent VARCHAR(128), 
	heading TEXT NOT NULL, 
	text TEXT NOT NULL, 
	annex BOOLEAN NOT NULL, 
	label TEXT NOT NULL, 
	PRIMARY KEY (agreement, version, position)
);
INSERT INTO "version_clause" VALUES('jia',1,0,'一','一',1,'article',1,NULL,'费用','',0,'《甲协议》一');
INSERT INTO "version_clause" VALUES('jia',1,1,'1.1','1.1',1,'clause',2,'一','','甲方应当在 7 日内付款。',0,'《甲协议》1.1');
INSERT INTO "version_clause" VALUES('jia',1,2,'1.2','1.2',1,'clause',2,'一','','逾期付款的，按日支付违约金。',0,'《甲协议》1.2');
INSERT INTO "version_clause" VALUES('yi',1,0,'一','一',1,'article',1,NULL,'收费','',0,'《停车协议》一');
INSERT INTO "version_clause" VALUES('yi',1,1,'1.1','1.1',1,'clause',2,'一','','停车每小时收费 5 元。',0,'《停车协议》1.1');
INSERT INTO "version_clause" VALUES('yi',1,2,'1.2','1.2',1,'clause',2,'一','','您可以在 30 日内申请开具发票。',0,'《停车协议》1.2');
INSERT INTO "version_clause" VALUES('yi',2,0,'一','一',1,'article',1,NULL,'收费','',0,'《停车协议》一');
INSERT INTO "version_clause" VALUES('yi',2,1,'1.1','1.1',1,'clause',2,'一','','停车每小时收费 5 元。',0,'《停车协议》1.1');
INSERT INTO "version_clause" VALUES('yi',2,2,'1.2','1.2',1,'clause',2,'一','','您可以在 15 日内申请开具发票。',0,'《停车协议》1.2');
CREATE TABLE vote (
	record VARCHAR NOT NULL, 
	channel VARCHAR NOT NULL, 
	asker VARCHAR NOT NULL, 
	verdict VARCHAR(4) NOT NULL, 
	reason TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (record, channel, asker)
);
INSERT INTO "vote" VALUES('0123456789ab','telegram','7','down','多久付款？“😀”𠮷\n','2026-11-22 00:45:54.685697');
CREATE TABLE wecom_nonce (
	timestamp VARCHAR NOT NULL, 
	nonce VARCHAR NOT NULL, 
	signature VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (timestamp, nonce), 
	UNIQUE (signature)
);
INSERT INTO "wecom_nonce" VALUES('1700000000','nonce','signature','2026-11-22 00:45:54.692885');
CREATE TABLE wecom_stream (
	id VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	text TEXT NOT NULL, 
	finished BOOLEAN NOT NULL, 
	ended BOOLEAN NOT NULL, 
	card TEXT, 
	response_url TEXT, 
	sending DATETIME, 
	PRIMARY KEY (id)
);
INSERT INTO "wecom_stream" VALUES('e46b320165eec91e6344fa10340d5b32','2026-11-22 00:45:54.690172','多久付款？“😀”𠮷\n',0,0,NULL,'https://example.com/response?code=1',NULL);
CREATE INDEX answer_asker ON answer (channel, asker);
CREATE INDEX answer_at ON answer (at);
CREATE INDEX answer_key ON answer ("key", at);
CREATE INDEX answer_place ON answer (channel, chat, thread, asker, at);
CREATE INDEX answer_status ON answer (status, at);
CREATE INDEX inbox_asker ON inbox (channel, asker, at);
CREATE INDEX inbox_at ON inbox (at);
CREATE INDEX inbox_chat ON inbox (channel, chat, at);
CREATE INDEX inbox_state ON inbox (state, taken_by);
CREATE INDEX seen_update_at ON seen_update (at);
CREATE INDEX vote_asker ON vote (channel, asker);
CREATE INDEX vote_at ON vote (at);
CREATE INDEX shown_answer_at ON shown_answer (at);
CREATE INDEX wecom_stream_at ON wecom_stream (at);
CREATE INDEX wecom_nonce_at ON wecom_nonce (at);
COMMIT;
