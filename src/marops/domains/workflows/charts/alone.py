"""A picture as a file of its own: the same marks with the light colours written in, for letters, slides and Typst."""

from marops.kernel.drawing import as_file

_STYLE = (
    "text{font-family:Inter,'Helvetica Neue',Arial,sans-serif;font-size:13px;fill:#534e46}"
    ".t-strong{fill:#1f1d1a;font-weight:600}.t-lane{fill:#1f1d1a}.t-quiet{fill:#6b655b}"
    ".t-warn{fill:#b5420a;font-weight:600}.t-end{text-anchor:end}.t-mid{text-anchor:middle}"
    ".grid{stroke:#e9e5de;fill:none}.axis{stroke:#d2ccc1;fill:none}.zero{stroke:#534e46;fill:none}"
    ".target-line{stroke:#534e46;stroke-width:1.25;stroke-dasharray:2 3;fill:none}"
    ".lane-line{stroke:#e6e2da;fill:none}.lane-hot{fill:#fcebe0;opacity:.6}"
    ".stepcard{fill:#fff;stroke:#d2ccc1}.seldom{stroke-dasharray:3 3}.hot.stepcard{stroke:#b5420a;stroke-width:1.75}"
    ".glow{fill:#f3a77c;opacity:.85}.hatch-g{fill:#f3f1ec}.hatch-l{stroke:#b5ada0}"
    ".f-human{fill:#c27f08}.f-ai{fill:#7d55c7}.f-auto{fill:#6b7885}.f-waits{fill:#b5ada0;opacity:.55}"
    ".way{fill:none;stroke:#8b8478;stroke-linejoin:round}.rare{stroke-dasharray:1.5 3}.often{stroke-width:1.75}"
    ".back{stroke:#b5420a;stroke-width:1.5;stroke-dasharray:5 4}.tip{stroke:#b5420a;stroke-width:1.5}"
    ".iv-l{stroke:#6b655b;stroke-width:2;stroke-linecap:round;fill:none}.hot.iv-l{stroke:#b5420a}"
    ".dot-o{fill:#fff;stroke:#534e46;stroke-width:2}.dot-k{fill:#b5420a;stroke:#b5420a;stroke-width:2}"
    ".line{fill:none;stroke-width:2;stroke-linejoin:round}.forecast{stroke-dasharray:5 4}"
    ".s1{stroke:#0072b2}.s2{stroke:#d55e00}.s3{stroke:#009e73}.s4{stroke:#b5608f}"
    ".d1{fill:#0072b2}.d2{fill:#d55e00}.d3{fill:#009e73}.d4{fill:#b5608f}"
    ".b1{fill:#0072b2;opacity:.2}.b2{fill:#d55e00;opacity:.2}.b3{fill:#009e73;opacity:.2}.b4{fill:#b5608f;opacity:.2}"
    ".strip-b{fill:#0072b2;opacity:.2}.strip-l{fill:none;stroke:#0072b2;stroke-width:1.75}"
    ".cause-1{fill:#534e46}.cause-2{fill:#534e46;opacity:.72}.cause-3{fill:#534e46;opacity:.5}"
    ".t-over,.t-paper{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}"
    ".pieces{stroke:#fff;stroke-width:1.5}"
    ".cause-4{fill:#534e46;opacity:.32}.cause-5{fill:#534e46;opacity:.18}"
)


def alone(picture: str) -> str:
    """An SVG file. Links are kept as groups: elsewhere they lead nowhere."""
    return as_file(picture, _STYLE)
