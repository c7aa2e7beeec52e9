r"""Normalised text with a map of offsets: what lexicons match on, and where it is in the original.

Rules
-----
1. The original is never changed. ``Normalised.span`` turns a match back into a verbatim ``Span``.
2. Normalising is per character: NFKC, case folded, Latin marks stripped, Arabic-script letter
   variants unified, Devanagari nasal signs one, Han characters simplified, every kind of space one
   space, curly quotes straight, digits ASCII and what stands between them ("۱٬۲۰۰" is "1,200").
3. Characters that carry nothing (tatweel, tashkeel, joiners, bidi marks) vanish.
4. Two systems of positions, two types: a ``Range`` counts into the normalised copy, a ``Span`` into
   the original. Only ``Normalised`` turns one into the other. A bare position is a normalised one.

Theory of operation
-------------------
Each original character yields zero or more normalised ones; ``offsets[i]`` is the original index of
normalised character ``i`` and ``offsets[-1]`` the length of the original. Runs of blanks collapse to
the first; line breaks are kept as ``\n``, because paragraphs matter.
(TRT World 2019-05-08 has four no-break spaces in its body: a figure next to one must still be quoted
exactly as printed.)
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from re import Match
from typing import TypeVar

from worker.core.domain.document import Span
from worker.core.domain.light_value import light_value

_LETTERS = str.maketrans({
    "ي": "ی", "ى": "ی", "ئ": "ی", "ې": "ی", "ۍ": "ی", "ے": "ی", "ۓ": "ی", "ك": "ک", "ڪ": "ک",
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ؤ": "و", "ة": "ه", "ۀ": "ه", "ہ": "ه", "ە": "ه",
    "ھ": "ه", "ۂ": "ه", "ګ": "گ", "ں": "ن", "ı": "i", "ё": "е", "ँ": "ं",
    "’": "'", "‘": "'", "ʼ": "'", "`": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "٬": ",", "٫": ".",
    "–": "-", "—": "-", "‑": "-", "‐": "-", "−": "-", "…": "...",
})  # fmt: skip
_HAN = (
    "亞亚佈布來来侖仑係系個个倖幸倫伦偵侦偽伪傑杰備备傳传債债傷伤傾倾僅仅僑侨價价儀仪億亿儘尽優优兒儿內内兩两冊册凍冻凱凯別别刪删則则剎刹剛刚創创劃划劇剧劉刘劍剑動动務务勝胜勞劳勢势勳勋"
    "勵励勸劝區区協协卻却參参吳吴呂吕員员啟启喪丧喬乔單单嗆呛嗎吗嘗尝嘯啸噴喷噸吨嚇吓嚴严囉啰囑嘱國国圍围園园圖图團团執执堅坚報报場场塊块塗涂塵尘墊垫墜坠墳坟壓压壘垒壞坏壩坝壯壮壽寿夠够"
    "夢梦夥伙奧奥奪夺奮奋婦妇媽妈嬌娇嬰婴孫孙學学實实寧宁審审寫写寬宽寶宝將将專专尋寻對对導导屆届屍尸屜屉屢屡層层屬属岡冈島岛峽峡崗岗嶺岭嶽岳巒峦帥帅師师帳帐帶带幀帧幣币幫帮幹干幾几庫库"
    "廠厂廢废廣广廳厅弒弑張张強强彈弹彌弥彎弯彙汇後后徑径從从復复徬彷徵征徹彻恆恒恥耻惡恶惱恼愛爱態态慘惨慣惯慮虑慶庆憂忧憑凭憤愤懲惩懷怀懸悬懼惧戰战戲戏戶户拋抛挾挟捨舍掃扫掛挂採采揚扬"
    "換换損损搖摇搶抢摯挚撥拨撫抚撲扑擁拥擇择擊击擋挡擔担據据擠挤擬拟擱搁擲掷擴扩擺摆擾扰攜携攝摄攤摊敎教敗败敘叙敵敌數数斂敛斃毙斬斩斷断於于時时晉晋晝昼暈晕暫暂曆历曉晓書书會会東东條条"
    "棲栖業业極极榮荣構构槍枪槓杠樂乐樓楼標标樣样樹树橋桥機机檔档檢检檻槛櫃柜權权歎叹歐欧歡欢歲岁歷历歸归殘残殞殒殲歼殺杀毀毁毆殴氣气汙污決决沒没沖冲況况洩泄淚泪淨净淺浅減减測测渾浑湯汤"
    "準准溫温滅灭滲渗滿满漢汉漲涨潑泼潔洁潛潜潰溃澤泽濃浓濟济濫滥濱滨濺溅瀕濒瀰弥灘滩災灾為为烏乌無无煉炼煙烟熱热燈灯燒烧營营燬毁爛烂爭争爺爷爾尔牆墙牠它牽牵犧牺狀状狹狭獄狱獎奖獨独獲获"
    "獻献現现瑣琐瑪玛環环產产畢毕畫画異异當当疊叠痺痹瘋疯療疗癒愈癱瘫發发盜盗盡尽監监盤盘眾众睜睁矚瞩砲炮確确碼码磚砖礎础礮炮祕秘禍祸禦御禪禅禮礼禱祷種种稱称穌稣穩稳窮穷竊窃競竞筆笔節节"
    "範范築筑簡简簽签籌筹糧粮糾纠紀纪約约紅红納纳紐纽紙纸級级紛纷紮扎細细終终組组結结絕绝絡络給给統统綁绑經经綜综綠绿維维網网緊紧緒绪線线編编緩缓縣县縫缝縮缩縱纵總总績绩織织繞绕繪绘繫系"
    "繳缴繼继續续纏缠纖纤纜缆罰罚罵骂罷罢羅罗羣群聖圣聞闻聯联聰聪聲声職职聽听肅肃脅胁脫脱腦脑腳脚腸肠膚肤膽胆臉脸臨临臺台舉举舊旧艙舱艦舰艱艰莊庄華华萊莱萬万葉叶蒼苍蓋盖蔔卜蔣蒋蔭荫薩萨"
    "藍蓝藝艺藥药蘇苏蘭兰處处虛虚號号虧亏蟲虫術术衛卫衝冲裏里補补裝装裡里製制複复襯衬襲袭見见規规視视親亲覺觉覽览觀观觸触計计訊讯討讨訓训託托記记訪访設设許许訴诉評评詢询試试話话該该詳详"
    "誅诛誌志認认誘诱語语誠诚誤误誦诵說说誰谁課课調调談谈請请諒谅論论諜谍諾诺謀谋謊谎謝谢謠谣證证譯译議议譴谴護护讀读變变讓让豎竖豐丰豬猪貝贝負负財财貢贡貧贫貨货販贩貫贯責责買买費费貿贸"
    "賀贺資资賈贾賊贼賓宾賠赔賣卖賦赋質质賬账賴赖購购賽赛贊赞贏赢贖赎趕赶趙赵跡迹踐践蹤踪躂跶躍跃車车軌轨軍军軟软較较載载輔辅輕轻輛辆輪轮輸输輻辐轄辖轉转轟轰辦办辭辞農农迴回逕径這这連连"
    "週周進进遊游運运過过達达違违遙遥遜逊遞递遠远適适遲迟遷迁選选遺遗還还邊边邏逻郵邮鄉乡鄧邓鄭郑鄰邻醜丑醫医釀酿釋释釘钉針针釣钓鈴铃鉛铅銀银銷销鋒锋鋼钢錄录錢钱錯错鍵键鎖锁鎗枪鎮镇鏈链"
    "鏡镜鐘钟鐵铁鑑鉴鑰钥長长門门閃闪閉闭開开間间閘闸閣阁閱阅闊阔闖闯關关陣阵陰阴陳陈陸陆陽阳隊队階阶隕陨際际隨随險险隱隐隸隶雖虽雙双雜杂雞鸡離离難难雲云電电霧雾靈灵靜静韓韩韻韵響响頂顶"
    "項项順顺須须預预頒颁頓顿領领頭头頸颈頹颓頻频題题額额顏颜願愿類类顧顾顯显風风飄飘飛飞飢饥飯饭飽饱飾饰養养餓饿餘余館馆馬马駁驳駐驻駕驾駛驶騎骑騙骗騰腾騷骚驅驱驗验驚惊驟骤驢驴髒脏體体"
    "鬆松鬍胡鬥斗鬧闹鬱郁魚鱼鮮鲜鳥鸟鴉鸦鷹鹰麗丽麥麦麵面麼么黃黄點点黨党黴霉齊齐齒齿齡龄齣出龍龙龐庞"
    "們们與与隻只緣缘廟庙貼贴償偿溝沟"
)
"""Traditional characters that news of attacks is written in, each before its simplified form."""
_LETTERS.update({ord(old): new for old, new in zip(_HAN[::2], _HAN[1::2], strict=True)})
_VANISH = frozenset(
    (
        *(0x640, 0x670, 0xFEFF, 0x93C, 0xAD),
        *range(0x64B, 0x660),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x206A),
    )
)
_LATIN_GREEK_CYRILLIC_MARKS = 0x370
_ASCII_RUN = re.compile(r"[!-~]+(?: [!-~]+)*")
"""A run of which every character yields one; most text is such, and is taken at once."""


@lru_cache(maxsize=8192)
def _fold(char: str) -> str:
    """One original character, normalised: zero or more characters."""
    if ord(char) in _VANISH:
        return ""
    if char in "\n\r\v\f\u2028\u2029\x85":
        return "\n"
    if char.isspace():
        return " "
    if char.isdigit() and not char.isascii():
        return str(unicodedata.digit(char))
    folded = unicodedata.normalize("NFKC", char).casefold()
    kept = (
        c
        for c in unicodedata.normalize("NFD", folded)
        if not (unicodedata.category(c) == "Mn" and ord(c) < _LATIN_GREEK_CYRILLIC_MARKS)
    )
    composed = unicodedata.normalize("NFC", "".join(kept)).translate(_LETTERS)
    return "".join(c for c in composed if ord(c) not in _VANISH)


@light_value
class Range:
    """A stretch ``[start, end)`` of normalised text.

    Whatever is found in a text (a sentence, a number, a name) is a ``Range`` with its meaning added.
    No ``Span`` is one, nor is a pair of numbers.
    """

    start: int
    end: int

    def holds(self, position: int) -> bool:
        """Whether a position is inside."""
        return self.start <= position < self.end

    def overlaps(self, other: Range) -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end

    def within(self, other: Range) -> bool:
        """Whether all of it is inside the other."""
        return other.start <= self.start and self.end <= other.end

    def gap(self, other: Range) -> int:
        """Characters between the two; 0 when they touch or overlap."""
        return max(0, self.start - other.end, other.start - self.end)

    @staticmethod
    def of(match: Match[str], group: int = 0) -> Range:
        """Where a pattern matched in a whole normalised text."""
        return Range(*match.span(group))


Found = TypeVar("Found", bound=Range)
_START = attrgetter("start")


def apart(ordered: Iterable[Found]) -> Iterator[Found]:
    """Those that begin where no earlier one stands."""
    end = -1
    for found in ordered:
        if found.start >= end:
            end = found.end
            yield found


def covered(found: Iterable[Range]) -> Iterator[Range]:
    """The stretches that ranges cover, in the order of the text: those that overlap are one."""
    start = end = -1
    for at in sorted(found, key=_START):
        if at.start >= end:
            if end > start:
                yield Range(start, end)
            start = at.start
        end = max(end, at.end)
    if end > start:
        yield Range(start, end)


def starting_in(found: tuple[Found, ...], at: Range) -> tuple[Found, ...]:
    """Those that begin inside a stretch; ``found`` stands in the order of the text."""
    low = bisect_left(found, at.start, key=_START)
    return found[low : bisect_left(found, at.end, low, key=_START)]


def inside(found: tuple[Found, ...], at: Range) -> tuple[Found, ...]:
    """Those of which all lies in a stretch; ``found`` stands in the order of the text, apart."""
    begun = starting_in(found, at)
    return begun[:-1] if begun and begun[-1].end > at.end else begun


def overlapping(found: tuple[Found, ...], at: Range) -> tuple[Found, ...]:
    """Those that share a character with a stretch; ``found`` stands in the order of the text, apart."""
    low = bisect_left(found, at.start, key=_START)
    if low and found[low - 1].end > at.start:
        low -= 1
    return found[low : bisect_left(found, at.end, low, key=_START)]


def holding(found: tuple[Found, ...], position: int) -> Found | None:
    """The one that holds a position; ``found`` stands in the order of the text, apart."""
    index = bisect_right(found, position, key=_START) - 1
    return found[index] if index >= 0 and found[index].holds(position) else None


def least_gap(ones: Iterable[Range], others: Iterable[Range]) -> int | None:
    """Characters between the nearest two of two kinds; None without one of each.

    Those of a kind stand apart, in any order: of the others only the two neighbours can be nearest.
    """
    ordered = sorted(others, key=_START)
    nearest: int | None = None
    for one in ones:
        index = bisect_left(ordered, one.start, key=_START)
        for other in ordered[max(0, index - 1) : index + 1]:
            gap = one.gap(other)
            nearest = gap if nearest is None or gap < nearest else nearest
    return nearest


def words_end(text: str, end: int, low: int = 0) -> int:
    """Where the words before ``end`` stop: blanks left out, not before ``low``."""
    while end > low and text[end - 1].isspace():
        end -= 1
    return end


@dataclass(frozen=True, slots=True)
class Normalised:
    """A normalised copy of ``raw`` and, for each of its characters, where it came from."""

    raw: str
    text: str
    offsets: array[int]

    def span(self, at: Range) -> Span:
        """The verbatim span of a range; blanks at its edges are left out."""
        start, end = at.start, at.end
        while start < end and self.text[start].isspace():
            start += 1
        return self.untrimmed(Range(start, words_end(self.text, end, start)))

    def untrimmed(self, at: Range) -> Span:
        """The verbatim span of a range, blanks and all."""
        first = self.offsets[at.start]
        last = self.offsets[at.end - 1] + 1 if at.end > 0 else 0
        return Span(first, last, self.raw[first:last])

    def letter(self, position: int) -> str:
        """The original character that a position stands for: capital or small."""
        return self.raw[self.offsets[position]]

    def range_of(self, span: Span) -> Range:
        """The range that a span was copied to."""
        return Range(self._at_or_after(span.start), self._at_or_after(span.end))

    def _at_or_after(self, index: int) -> int:
        """First position whose original is at or after ``index`` of ``raw``."""
        low, high = 0, len(self.text)
        while low < high:
            middle = (low + high) // 2
            if self.offsets[middle] < index:
                low = middle + 1
            else:
                high = middle
        return low


def normalise(raw: str) -> Normalised:
    """Normalise ``raw`` with an offset for every character of the result."""
    out: list[str] = []
    offsets: array[int] = array("l")
    done = 0
    for run in _ASCII_RUN.finditer(raw):
        start, end = run.span()
        _fold_all(raw, done, start, out, offsets)
        out.append(run.group().lower().replace("`", "'"))
        offsets.extend(range(start, end))
        done = end
    _fold_all(raw, done, len(raw), out, offsets)
    offsets.append(len(raw))
    return Normalised(raw, "".join(out), offsets)


def _fold_all(raw: str, start: int, end: int, out: list[str], offsets: array[int]) -> None:
    """Add the characters of a stretch, normalised one by one."""
    previous = out[-1][-1] if out else ""
    for index in range(start, end):
        for c in _fold(raw[index]):
            if c == " " and previous in (" ", "\n", ""):
                continue
            out.append(c)
            offsets.append(index)
            previous = c


def plain(raw: str) -> str:
    """The normalised copy alone, blanks collapsed and trimmed: for names and patterns."""
    folded = raw.lower().replace("`", "'") if raw.isascii() else "".join(map(_fold, raw))
    return " ".join(folded.split())
