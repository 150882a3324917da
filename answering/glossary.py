"""English contract terms in Chinese: enough of an English statement in the clause's language to hold the one against the other.

A gloss is no translation. It keeps the parts of a sentence and what each speaks of, denies and allows; words it does not know are left out,
so nothing is concluded from them.
"""

from __future__ import annotations

import re
from functools import lru_cache

# Longer forms before shorter ones where one begins with the other. Verbs by their stem: terminat(e|ed|es|ing|ion).
_TERMS: tuple[tuple[str, str], ...] = (
    # what is allowed, required, denied
    (r"(?:may|must|shall|should|can) ?not|cannot|can't|(?:is|are) (?:not (?:allowed|permitted)|prohibited|forbidden)(?: to| from)?", "不得"),
    (r"(?:is|are)? ?not (?:entitled|authori[sz]ed) to|(?:has|have) no right to", "无权"),
    (r"need(?:s)? not|(?:does|do) not (?:need|have)(?: to)?|(?:is|are) not (?:required|obliged)(?: to)?|no need(?: to)?|no reason needed", "无需"),
    (r"(?:is|are) entitled to|(?:has|have) the right to|reserves? the right to", "有权"),
    (r"bears? no (?:liability|responsibility)|(?:is|are|be) not (?:liable|responsible)|(?:has|have) no liability|disclaims? liability", "不承担责任"),
    (r"(?:is|are|be|held) (?:liable|responsible)|bears? (?:the )?(?:liability|responsibility)|takes? responsibility", "承担责任"),
    (r"(?:must|shall|should|needs? to|ha(?:s|ve) to|(?:is|are) (?:required|obliged) to)\b", "应当"),
    (r"(?:may|can|(?:is|are) (?:allowed|permitted) to)\b", "可以"),
    (r"(?:does|do|did|will|is|are|was|were|has|have|be)? ?n(?:ot|'t)\b|\bno\b|\bnever\b|\bneither\b|\bnor\b", "不"),
    (r"without (?:interest)", "无息"), (r"without (?:any )?(?:cause|reason)", "无因 无理由 无需说明理由"), (r"without", ",未经"),
    (r"only if|unless|except(?: where| for| if)?", ",除非"), (r"otherwise", ",另"), (r"if|when|where|once|in case", ",如"), (r"and|but|or|while", ","),
    (r"only|solely", "仅"),
    (r"customer (?:service|support)", "客服支持 客服"),
    # who
    (r"tencent|the provider|the platform|we|us|our", "腾讯"), (r"third[- ]part(?:y|ies)(?:'s)?", "第三方"), (r"either party|any party", "任何一方"),
    (r"both parties|the parties", "双方"), (r"the other party", "另一方"), (r"users?|customers?|you|your|client", "用户"), (r"others|other people", "他人"),
    (r"minors?|children|child", "未成年人"), (r"parents?", "家长"), (r"(?:legal )?guardians?", "法定监护人"), (r"administrators?", "管理员"), (r"courts?", "法院"),
    # what is done
    (r"terminat\w*|end(?:s|ed)? the cooperation", "终止"), (r"suspen\w*", "中止 暂停"), (r"rescind\w*", "解除"), (r"cancel\w*", "取消 注销"), (r"refund\w*", "退款 退还"),
    (r"renew\w*", "续费"), (r"pay(?:s|ing|ments?)?|paid", "支付 费用"), (r"purchas\w*|bought|buy", "购买"), (r"transfer\w*", "转让"), (r"lend\w*|loan", "借用"),
    (r"rent(?:s|ed|al|ing)?|leas(?:e|es|ed|ing)", "租用 出租"), (r"sell\w*|sold", "售卖 出售"), (r"giv\w* away|donat\w*|gift\w*", "赠与"), (r"delet\w*|eras\w*", "删除"), (r"restor\w*|recover\w*", "恢复"),
    (r"anonymi[sz]\w*", "匿名化"), (r"irreversibl[ey]", "不可逆"), (r"stor(?:e|ed|es|age|ing)", "存储 储存"), (r"back[- ]?ups?", "备份"), (r"cop(?:y|ies|ied|ying)", "复制 副本"),
    (r"disclos\w*|reveal\w*", "披露 透露"), (r"collect\w*", "收集"), (r"protect\w*|safeguard\w*", "保护"), (r"guarante\w*|warrant\w*|ensur\w*|promis\w*", "保证 承诺"),
    (r"consent\w*|agree(?:s|d)?|approv\w*|permission", "同意 许可"), (r"notif\w*|notices?|inform\w*|announc\w*", "通知 公告"), (r"updat\w*|upgrad\w*", "更新 升级"),
    (r"chang\w*|modif\w*|adjust\w*|amend\w*", "修改 调整 变更"), (r"provid\w*|offers?|suppl(?:y|ies)", "提供"), (r"us(?:e|es|ed|ing|age)", "使用"), (r"regist\w*", "注册"),
    (r"log(?:s|ged|ging)? ?in|sign in", "登录"), (r"activat\w*|open(?:s|ed|ing)?", "开通"), (r"issu(?:e|es|ed|ing)", "开具"), (r"confirm\w*|verif\w*", "确认 核实"),
    (r"receiv\w*|receipt", "收到"), (r"obtain\w*|acquir\w*", "取得 获得"), (r"compensat\w*|indemnif\w*", "赔偿"), (r"breach\w*|violat\w*", "违约 违反"), (r"cure[sd]?|remed\w*", "纠正"),
    (r"govern\w*", "适用"), (r"prevail\w*", "为准"), (r"limit\w*", "限制 为限"), (r"exclud\w*|excluding", "不包括"), (r"includ\w*", "包括"), (r"belong\w*|own(?:s|ed|ership)", "所有权 归"),
    (r"retain\w*|keep\w*|kept", "保留 保管"), (r"accept\w*", "接受"), (r"refus\w*|reject\w*", "拒绝"), (r"publish\w*|post(?:s|ed|ing)?", "发布"), (r"spread\w*|distribut\w*", "传播"),
    (r"recommend\w*", "推荐"), (r"install\w*", "安装"), (r"uninstall\w*", "卸载"), (r"negotiat\w*|consult\w*", "协商"), (r"arbitrat\w*", "仲裁"), (r"submit\w*", "提交"), (r"settl\w*|resolv\w*", "解决"),
    (r"last(?:s|ed|ing)?|continu\w*", "持续"), (r"take[sn]? .{0,20}measures?|measures?", "采取 措施"), (r"caus(?:e|es|ed|ing)|aris\w*|arose", "引起 发生 导致"), (r"extend\w*", "延长"),
    # what about
    (r"liabilit\w*|responsibilit\w*", "责任"), (r"disputes?", "纠纷 争议"), (r"damages?|loss(?:es)?", "损失 损害"), (r"profits?", "利润"), (r"indirect", "间接"), (r"fees?|charges?|prices?", "费用 收费"),
    (r"in full|full(?:y)?|complete(?:ly)?|total", "全额 完全 总额"), (r"invoices?", "发票"), (r"orders?", "订单"), (r"agreement|contract", "协议 合同"), (r"clauses?|terms?", "条款"), (r"headings?", "标题"),
    (r"value[- ]added", "增值"), (r"extra|additional", "增加"), (r"services?", "服务"), (r"support", "支持"), (r"software", "软件"),
    (r"products?", "产品"), (r"versions?", "版本"), (r"languages?", "语言 版本"), (r"chinese", "中文"), (r"english", "英文"), (r"translations?", "翻译"), (r"accounts?", "账号"), (r"passwords?", "密码"),
    (r"personal information", "个人信息"), (r"information", "信息"), (r"data", "数据"), (r"content", "内容"), (r"privacy", "隐私"), (r"devices?", "终端 设备"), (r"technical", "技术"),
    (r"reasonable", "合理"), (r"force majeure", "不可抗力"), (r"conflict[- ]of[- ]laws?(?: rules)?", "冲突法"), (r"laws?|legal", "法律"), (r"mainland china", "中华人民共和国 大陆地区"), (r"china", "中国"),
    (r"prior|in advance", "事先 提前"), (r"written|in writing", "书面"), (r"(?:calendar|natural) days?", "自然日"), (r"(?:working|business) days?", "工作日"), (r"days?", "日"), (r"months?", "个月"),
    (r"dates?", "日期"), (r"years?", "年"), (r"under the age of|under|below", "未满 以下"), (r"prior to|before|after|within", ""), (r"immediately|at once", "立即"),
    (r"intellectual property", "知识产权"), (r"copyright", "著作权"), (r"trade secrets?", "商业秘密"), (r"confidential\w*", "保密"), (r"rights?", "权利"), (r"obligations?|duties|duty", "义务"),
    (r"interface", "接口"), (r"availab\w*", "可用性"), (r"discount\w*", "折扣 优惠"), (r"regions?", "地区"), (r"part(?:y|ies)", "方"), (r"solution", "解决办法"), (r"amounts?|what .{0,30}paid", "款项"),
    (r"on (?:its|their|your) own|unilaterally", "单方"), (r"different?|inconsisten\w*|differ", "不一致"), (r"purposes?", "目的"), (r"actually|actual", "实际"), (r"valid|effective", "有效"), (r"network", "网络"),
)  # fmt: skip
_FORMS = tuple((re.compile(rf"\b(?:{form})\b" if form[0].isalpha() or form[0] == "(" else form), chinese) for form, chinese in _TERMS)
_LATIN = re.compile(r"[a-z][a-z'-]*")


def is_english(text: str) -> bool:
    """Whether a statement holds Latin letters and no Chinese character."""
    return re.search(r"[A-Za-z]", text) is not None and re.search(r"[\u3400-\u9fff]", text) is None


@lru_cache(maxsize=1024)
def gloss(text: str, evidence: str) -> str:
    """An English statement in Chinese terms, its parts kept apart by commas; what has no term is left out.

    Of several terms for one English word the one is taken that stands in the evidence, else the first.
    """
    found = text.lower().replace("’", "'").replace("'s", "").replace("s'", "s")
    for form, chinese in _FORMS:
        terms = chinese.split(" ")
        chosen = next((term for term in terms if term in evidence), terms[0])
        found = form.sub(f" {chosen} ", found)
    found = re.sub(r"[;:.](?=\s|$)", ",", _LATIN.sub(" ", found))
    found = re.sub(r"\s*,[\s,]*", ",", re.sub(r"(?<=[\u3400-\u9fff\d%])\s+(?=[\u3400-\u9fff\d])", " ", found))
    return found.strip(" ,") + "。"
