/** The style sheet of the page. Colours in one place, light and dark; one column on a phone. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--text:#1c2430;--soft:#5b6675;--line:#e1e5ea;--accent:#2563a8;
--restored:#3b82c4;--skipped:#93b7d6;--filtered:#b6bec8;--unrestored:#c2571b;--open:#8a6fb0;--ok:#2f7d4f;--stop:#b3261e;--warnbg:#fdf3e4;--hover:#f2f5f8}
@media (prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1a2029;--text:#e4e8ee;--soft:#9aa6b5;--line:#2c3541;--accent:#7db4ea;
--restored:#5b9bd8;--skipped:#45698a;--filtered:#566170;--unrestored:#ee8b4a;--open:#a78fcf;--ok:#6cc08d;--stop:#f2867e;--warnbg:#33291a;--hover:#202833}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;padding:0 16px 48px;background:var(--bg);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:1040px;margin:0 auto}
header{padding:4px 0 8px 20px;margin-top:24px;border-left:5px solid var(--soft)}
header.completed{border-color:var(--ok)}header.partial{border-color:var(--unrestored)}header.failed{border-color:var(--stop)}
header p{margin:4px 0}.kind{color:var(--soft);font-size:14px}
h1{margin:0;font-size:30px;line-height:1.2;font-weight:650}
h2{margin:0 0 12px;font-size:17px;font-weight:650}
.failure{color:var(--stop);font-weight:600}
section{margin-top:20px;padding:20px;background:var(--card);border:1px solid var(--line);border-radius:10px}
.warning{margin:20px 0 0;padding:12px 16px;background:var(--warnbg);border:1px solid var(--line);border-radius:10px}
small{display:block;color:var(--soft);font-size:13px;font-weight:400}
.hint{margin:12px 0 0;color:var(--soft);font-size:14px}
a{color:var(--accent)}code{font-size:.92em}
.tiles{display:flex;flex-wrap:wrap;gap:16px 12px;margin:0}
.tile{flex:1 1 140px;min-width:0;padding-left:12px;border-left:4px solid var(--soft)}
.tile.restored{border-color:var(--restored)}.tile.skipped{border-color:var(--skipped)}.tile.filtered{border-color:var(--filtered)}
.tile.unrestored{border-color:var(--unrestored)}.tile.open{border-color:var(--open)}
.tile dt{color:var(--soft);font-size:14px}.tile dd{margin:0;font-size:28px;line-height:1.2;font-weight:650;font-variant-numeric:tabular-nums}
.tile.none dd{color:var(--soft);font-weight:500}
.tile small{margin-top:2px}
svg{display:block}
.share{width:100%;height:10px;margin-top:18px;border-radius:5px}
.share .restored{fill:var(--restored)}.share .skipped{fill:var(--skipped)}.share .filtered{fill:var(--filtered)}.share .unrestored{fill:var(--unrestored)}.share .open{fill:var(--open)}
ul{margin:0;padding:0;list-style:none}
.classes li{display:flex;gap:16px;padding:10px 0;border-top:1px solid var(--line)}.classes li:first-child{border-top:0;padding-top:0}
.classes p{margin:2px 0 0}.classes b::first-letter{text-transform:uppercase}
.count{flex:none;min-width:2.5ch;font-size:20px;line-height:1.25;font-weight:650;color:var(--unrestored);font-variant-numeric:tabular-nums}
.about{margin:0;display:grid;gap:10px}.about div{display:grid;grid-template-columns:90px 1fr;gap:12px}.about dt{color:var(--soft)}.about dd{margin:0;min-width:0}
.course{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:32px}.course>div:only-child{grid-column:1/-1}
figure{margin:0}figcaption{margin-top:8px;color:var(--soft);font-size:14px}
.plot{display:grid;grid-template-columns:auto minmax(0,1fr);gap:6px 10px;font-size:12px;color:var(--soft);font-variant-numeric:tabular-nums}
.plot svg{width:100%;height:180px;overflow:visible}
.ylabels{display:flex;flex-direction:column;justify-content:space-between;margin:-9px 0;text-align:right}
.xlabels{grid-column:2;display:flex;justify-content:space-between}
.grid{stroke:var(--line);fill:none;vector-effect:non-scaling-stroke}
.area{fill:var(--restored);opacity:.14}
.line{stroke:var(--restored);stroke-width:2;fill:none;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.phases li{display:grid;grid-template-columns:minmax(0,1fr) 96px;gap:2px 10px;padding:5px 0}
.phases svg{width:100%;height:6px;grid-column:1;grid-row:2;border-radius:3px}.value rect{fill:var(--restored)}
.phases .number{grid-row:1/3;grid-column:2;align-self:end;text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.plain li{padding:6px 0;border-top:1px solid var(--line)}.plain li:first-child{border-top:0}
.tabletop{display:flex;flex-wrap:wrap;gap:8px 20px;align-items:center;justify-content:space-between;margin-bottom:8px}.tabletop h2{margin:0}
.tools{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center}
.tools label{display:flex;gap:6px;align-items:center;font-size:14px}
input[type=search]{font:inherit;padding:7px 12px;width:240px;max-width:100%;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:8px}
[hidden]{display:none!important}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
thead th{padding:8px 10px;text-align:right;font-size:14px;font-weight:600;color:var(--soft);border-bottom:1px solid var(--line);white-space:nowrap}
thead th:first-child,tbody th{text-align:left}
thead button{font:inherit;color:inherit;background:none;border:0;padding:4px 0;cursor:pointer}
thead button:hover{color:var(--text)}
th[aria-sort] button{color:var(--text)}th[aria-sort=ascending] button::after{content:" ↑"}th[aria-sort=descending] button::after{content:" ↓"}
tbody{border-bottom:1px solid var(--line)}tbody:last-child{border-bottom:0}
tbody th{padding:9px 10px;font-weight:500;width:44%}
td{padding:9px 10px;text-align:right;white-space:nowrap}
tbody:hover{background:var(--hover)}
.zero{color:var(--soft)}.bad{color:var(--unrestored);font-weight:650}
.more td{padding:0 10px 10px;text-align:left;white-space:normal}
summary{cursor:pointer;color:var(--accent);font-size:14px;width:fit-content}
.entries{margin:8px 0 4px;font-size:14px}
.entries li{display:grid;grid-template-columns:minmax(7ch,max-content) max-content minmax(0,1fr);gap:2px 12px;align-items:baseline;padding:5px 0;border-top:1px solid var(--line)}
.entries b{font-weight:600}.entries li>span:nth-child(2),.entries li>span:only-child{grid-column:2/-1}
.tag{font-style:normal;font-size:13px;padding:0 8px;border:1px solid var(--unrestored);color:var(--unrestored);border-radius:20px;white-space:nowrap}
.tag.unsupported{border-color:var(--soft);color:var(--soft)}
footer{margin-top:20px;color:var(--soft);font-size:14px}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
@media (max-width:700px){
body{padding:0 12px 32px}section{padding:16px}h1{font-size:26px}.course{grid-template-columns:minmax(0,1fr)}
.tile{flex-basis:40%}.about div{grid-template-columns:1fr;gap:0}.tools,input[type=search]{width:100%}
table,tbody,thead{display:block}
thead tr{display:flex;flex-wrap:wrap;gap:0 14px}thead th{padding:4px 0;border:0}thead{border-bottom:1px solid var(--line);padding-bottom:6px}
tbody{padding:10px 0}tbody tr{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:4px 12px}
tbody th{grid-column:1/-1;padding:0;width:auto}
tbody td{padding:0;text-align:left;white-space:normal}
tbody tr:not(.more) td::before{display:block;color:var(--soft);font-size:12px;font-weight:400}
td:nth-child(2)::before{content:"Restored"}td:nth-child(3)::before{content:"Skipped"}td:nth-child(4)::before{content:"Filtered"}td:nth-child(5)::before{content:"Unrestored"}td:nth-child(6)::before{content:"Size"}
.more{margin-top:8px}tbody .more td{grid-column:1/-1;padding:0}
.entries li{grid-template-columns:max-content minmax(0,1fr)}.entries li .tag{justify-self:start}.entries li>span:last-child{grid-column:1/-1}
}
@media print{body{background:none}section{break-inside:avoid-page;border-color:#ccc}.tools{display:none}}
`;
