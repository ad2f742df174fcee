"""The seven expressions, and the words other datasets and languages use for them.

An expression is what a face shows; it is not what a person feels.
"""

EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""The seven expressions in FER-2013's order. Datasets and models order theirs freely: match by name."""

EIGHT_EXPRESSIONS = (*EXPRESSIONS, "contempt")
"""With the eighth that FER+ and AffectNet label as well."""

COLOURS = {
    "angry": "#D55E00",
    "disgust": "#009E73",
    "fear": "#CC79A7",
    "happy": "#E69F00",
    "sad": "#117FC4",
    "surprise": "#56B4E9",
    "neutral": "#8C8C8C",
}
"""One colour per expression everywhere, told apart by colour-blind eyes (Okabe and Ito, 2008). Black can be read on
each, for which their blue is a little lighter here."""

OTHER_COLOUR = "#7A7A7A"

# One line a language: English, German, French, Spanish, Italian, Portuguese, Dutch, Russian, Chinese, Japanese, Korean.
_SYNONYMS = {
    "angry": """
        anger angriness mad furious
        wut wütend ärger verärgert zorn zornig
        colère en_colère fâché fâchée
        enojo enojado enojada enfado enfadado ira
        rabbia arrabbiato arrabbiata
        raiva zangado
        boos boosheid woede
        злость злой гнев злоба
        生气 生氣 愤怒 憤怒
        怒り
        분노 화남 화난""",
    "disgust": """
        disgusted disgusting
        ekel angeekelt
        dégoût dégoûté dégoûtée
        asco disgusto repugnancia
        disgustato disgustata
        nojo repulsa
        walging afschuw
        отвращение
        厌恶 厭惡
        嫌悪
        혐오 역겨움""",
    "fear": """
        fearful afraid scared
        angst ängstlich furcht
        peur apeuré apeurée effrayé
        miedo temor
        paura spaventato
        medo
        bang angstig
        страх испуг
        恐惧 恐懼 害怕
        恐怖 恐れ
        공포 두려움""",
    "happy": """
        happiness joy joyful smile smiling
        freude fröhlich glücklich
        joie joyeux joyeuse heureux heureuse
        felicidad feliz alegría alegre
        felicità felice gioia
        felicidade alegria
        blij blijdschap vreugde
        радость счастье счастливый
        高兴 高興 快乐 快樂 开心 開心
        喜び 幸せ
        행복 기쁨""",
    "sad": """
        sadness unhappy
        traurig trauer traurigkeit
        tristesse triste
        tristeza
        tristezza
        verdrietig verdriet
        грусть печаль грустный
        悲伤 悲傷 伤心 傷心 难过
        悲しみ
        슬픔""",
    "surprise": """
        surprised surprising
        überraschung überrascht
        surpris étonné
        sorpresa sorprendido sorprendida
        sorpreso
        surpresa surpreso
        verrassing verrast verbaasd
        удивление
        惊讶 驚訝 吃惊
        驚き
        놀람""",
    "neutral": """
        neutrality calm
        neutralität
        neutre
        neutro
        neutrale
        neutraal
        нейтральный нейтрально нейтральное
        中性 平静 平靜
        無表情 中立
        중립 무표정""",
    "contempt": """
        contemptuous
        verachtung
        mépris
        desprecio
        disprezzo
        desprezo
        minachting
        презрение
        轻蔑 輕蔑 蔑视
        軽蔑
        경멸""",
}
_EXPRESSION_OF_WORD = {
    word.replace("_", " "): expression
    for expression, synonyms in _SYNONYMS.items()
    for word in (expression, *synonyms.split())
}


def expression_of(word: str) -> str | None:
    """Return which of `EIGHT_EXPRESSIONS` a label word names ("Happiness" -> "happy"), or None."""
    return _EXPRESSION_OF_WORD.get(word.strip().lower().replace("_", " "))
