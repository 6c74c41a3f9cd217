/// The page's style sheet: light and dark, no file or font from elsewhere.
enum Style {
    /// Colours of the arms: dark-on-light and light-on-dark variants of a palette that the colour-blind can tell apart.
    static let colors = 7

    static let sheet = """
        :root{color-scheme:light dark;--page:#f6f6f3;--card:#fff;--ink:#1d2025;--soft:#676d78;--rule:#e4e4de;--faint:#f0f0eb;
        --good:#0b7d5c;--bad:#c2452d;--good-soft:#d9efe6;--bad-soft:#f8e1db;--unsure:#8a6a00;--unsure-soft:#f7edcf;
        --c0:#6b5fa8;--c1:#c77700;--c2:#00799e;--c3:#b5427f;--c4:#3f8f3a;--c5:#a35a2c;--c6:#4d5a70}
        @media(prefers-color-scheme:dark){:root{--page:#131519;--card:#1c1f25;--ink:#eceef1;--soft:#9ba2ae;--rule:#2e323a;--faint:#252930;
        --good:#4cc79c;--bad:#f08670;--good-soft:#173a30;--bad-soft:#43231d;--unsure:#e3bd4f;--unsure-soft:#3a3116;
        --c0:#a99be8;--c1:#f2a844;--c2:#4fb9dd;--c3:#ea86ba;--c4:#86c97f;--c5:#dc9c70;--c6:#a8b3c7}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
        main{max-width:1200px;margin:0 auto;padding:48px 24px 80px}
        h1{font-size:clamp(28px,4.2vw,44px);line-height:1.15;letter-spacing:-.02em;margin:6px 0 14px;max-width:24em;text-wrap:balance}
        h2{font-size:22px;letter-spacing:-.01em;margin:56px 0 6px}
        h3{font-size:17px;margin:28px 0 6px}
        p{margin:0 0 12px;max-width:52em}.lead{font-size:18px}.soft,.note{color:var(--soft)}.note{font-size:14px}
        .eyebrow{font-size:14px;color:var(--soft);letter-spacing:.02em}
        .badge{display:inline-block;padding:2px 12px;border-radius:99px;font-size:14px;font-weight:600}
        .better{background:var(--good-soft);color:var(--good)}.worse{background:var(--bad-soft);color:var(--bad)}
        .unsure{background:var(--unsure-soft);color:var(--unsure)}
        .card{background:var(--card);border:1px solid var(--rule);border-radius:14px;padding:18px 20px;margin:16px 0;overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:15px;font-variant-numeric:tabular-nums}
        th{font-weight:600;font-size:13px;color:var(--soft);text-align:right;padding:4px 10px 8px;white-space:nowrap}
        td{padding:8px 10px;text-align:right;border-top:1px solid var(--rule);white-space:nowrap}
        th:first-child,td:first-child,th.text,td.text{text-align:left}td:first-child,th:first-child{padding-left:0}
        tr.total td{font-weight:600}.conditions td{white-space:normal;overflow-wrap:anywhere}
        .dot{display:inline-block;width:11px;height:11px;border-radius:99px;margin-right:8px;background:currentColor}
        .swatch{display:inline-block;width:13px;height:13px;border-radius:3px;margin-right:8px;vertical-align:-1px;box-shadow:inset 0 0 0 1px #0003}
        .c0{color:var(--c0)}.c1{color:var(--c1)}.c2{color:var(--c2)}.c3{color:var(--c3)}.c4{color:var(--c4)}.c5{color:var(--c5)}.c6{color:var(--c6)}
        .meter{display:inline-block;width:150px;height:10px;border-radius:5px;background:var(--faint);margin-left:10px;vertical-align:1px;position:relative}
        .meter i{position:absolute;inset:0 auto 0 0;border-radius:5px;background:currentColor;opacity:.85}
        .up{color:var(--good);font-weight:600}.down{color:var(--bad);font-weight:600}
        .diff{display:inline-block;width:90px;height:10px;margin-left:8px;position:relative;vertical-align:-1px;border-left:0}
        .diff:before{content:"";position:absolute;left:50%;top:-4px;bottom:-4px;width:1px;background:var(--rule)}
        .diff i{position:absolute;top:0;bottom:0;border-radius:2px;background:currentColor}
        .charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(480px,100%),1fr));gap:16px;margin:16px 0}
        figure{margin:0}.chart{background:var(--card);border:1px solid var(--rule);border-radius:14px;padding:14px 16px 6px}
        figcaption{font-weight:600;font-size:15px;margin-bottom:4px}
        svg{display:block;width:100%;height:auto;font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
        svg text{fill:var(--soft)}.grid line{stroke:var(--rule)}.grid .zero{stroke:var(--soft);stroke-width:1.5}
        .line path{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}.line circle{fill:currentColor}
        .faint path{stroke-width:1;opacity:.32}
        .slices rect{fill:transparent}.slices .tip{visibility:hidden;pointer-events:none}.slices g:hover>.tip{visibility:visible}
        .tip line{stroke:var(--soft);stroke-dasharray:3 3}.tip .box{fill:var(--card);stroke:var(--rule)}.tip text{fill:var(--ink)}
        .tip circle{fill:currentColor}
        .intervals{max-width:860px}.intervals .name{fill:currentColor;font-weight:600;font-size:14px}.intervals .small{font-size:11px}
        .whole{stroke:currentColor;stroke-width:9;stroke-linecap:round;opacity:.38}.part{stroke:currentColor;stroke-width:3;opacity:.55}
        .mean{fill:currentColor}.seed{fill:var(--card);stroke:currentColor;stroke-width:1.5}
        .domains{max-width:860px}.domains .domain{fill:var(--ink);font-weight:600;font-size:14px}.domains .value{font-size:11px}
        .domains .seed{fill:currentColor;stroke:none;opacity:.4}.domains .lane{stroke:var(--faint)}
        .legend{display:flex;flex-wrap:wrap;gap:6px 20px;margin:14px 0;padding:0;list-style:none;font-size:14px}
        .legend li{white-space:nowrap}
        .tiles{display:grid;gap:10px}.tile{position:relative}
        .tile .view{position:relative;border-radius:8px;overflow:hidden;background:var(--photo) center/100% 100%}
        .tile img{display:block;width:100%;height:auto;image-rendering:auto;transition:opacity .18s}
        .tile .labels:hover{opacity:.3}
        @media(prefers-color-scheme:dark){.tile .changes{filter:brightness(.82)}}
        .tile p{margin:4px 2px 0;font-size:13px;display:flex;justify-content:space-between;gap:8px}
        .tile b{font-weight:600}
        .sample>p{margin:0 0 8px;font-size:14px;color:var(--soft)}
        details{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:10px 18px;margin:10px 0}
        summary{cursor:pointer;font-weight:600}pre{overflow-x:auto;font:13px/1.5 ui-monospace,"DejaVu Sans Mono",monospace;margin:12px 0}
        details table{margin:10px 0}
        .more{background:none;border:0;padding:0}
        @media(max-width:700px){main{padding:28px 14px}.tiles{grid-template-columns:1fr 1fr!important}}
        @media print{body{background:#fff}.card,.chart,.sample{break-inside:avoid}}
        """
}
