"""Real text in the scripts that the tests must hold for, and a strategy that mixes them."""

from __future__ import annotations

from hypothesis import strategies as st

SCRIPTS = (
    "Machthaber Lukaschenko sagte: „Es wird keine Mobilisierung geben.“ Größe, Übung, z. B. am 3. Mai. ",  # noqa: E501
    "Лукашенко заявил: «Мобилизации не будет». Что дальше? ",
    "Беларусь ўводзіць войскі? Не! Україна їх чекає, п’ять днів. ",
    "هل سترسل بيلاروسيا جنودًا إلى أوكرانيا؟ لا يُعرَف ذلك. ",
    "क्या बेलारूस यूक्रेन में सैनिक भेजेगा? नहीं, कि क्षि। ",
    "เบลารุสจะส่งทหารไปยูเครนหรือไม่ น้ำ กำลัง ",
    "ベラルーシは「派兵しない。」と述べた。が゙ガ、本当？ ",
    "白俄罗斯会向乌克兰派兵吗？不会。",
    "벨라루스는 우크라이나에 파병할까요? 한글 ",
    "İstanbul'da ışık İĞDIR. Iğdır'ın 3. günü. ",
    "Emoji 👩‍👩‍👧‍👦 👍🏽 🇩🇪🇺🇦 ❤️ 1️⃣ 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f. ",
    "Zerlegt: u\u0308ber a\u030a o\u0302\u0301 e\u0301. ",
    "Line\r\nends\rof all\nkinds\u2028and\u0085more\fpage\v. ",
    "\ufeffBOM and \u200bzero width\u2060. ",
    "# Heading\n\n## Next\n\n- item\n- item\n\n```\ncode\n```\n\n| a | b |\n|---|---|\n",
    "\n\n",
    "lone \ud800 and \udc00 surrogates ",
    "x" * 1000,
)  # fmt: skip

any_text = st.one_of(
    st.lists(st.sampled_from(SCRIPTS), max_size=30).map("".join),
    st.text(st.characters(), max_size=200),
    st.lists(st.one_of(st.sampled_from(SCRIPTS), st.text(max_size=40)), max_size=25).map("".join),
    st.tuples(st.sampled_from(SCRIPTS), st.integers(1, 60)).map(lambda pair: pair[0] * pair[1]),
    st.text(st.sampled_from("aäа. ,\n\u0301\u200d👩🇩क्द\u0e33🏽\ud800"), max_size=2500),
)
