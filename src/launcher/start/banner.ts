export interface BannerFacts {
  apiUrl: string;
  temporalUiUrl: string | undefined;
  logFolder: string;
  demo: boolean;
  /** No real card is charged, so any client can buy without a payment page. */
  sandbox: boolean;
  /** The page of the sandbox gateway that this start runs. */
  sandboxPage: { url: string; user: string; password: string } | undefined;
  /** Set only if this start generated the password; the banner shows it once. */
  operatorPassword: string | undefined;
}

/** What the operator needs now, and a first purchase to copy and paste. */
export function banner(facts: BannerFacts): string {
  const { sandboxPage: page } = facts;
  const rows: [string, string][] = [
    ['API', facts.apiUrl],
    ['API docs', `${facts.apiUrl}/docs`],
    ['Temporal UI', facts.temporalUiUrl ?? 'the UI of your own Temporal server'],
    ...(facts.demo ? [['Demo account', 'demo / demo-password'] satisfies [string, string]] : []),
    ['Operator', operator(facts.operatorPassword)],
    ...(page
      ? [['Sandbox gateway', `${page.url}   (${page.user} / ${page.password})`] satisfies [string, string]]
      : []),
    ['Logs', facts.logFolder],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const table = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
  const purchase =
    facts.demo && facts.sandbox
      ? `\n  A first purchase. Paste it into another terminal:\n\n${firstPurchase(facts.apiUrl)}`
      : '';
  return `\nHoldfast is ready. Ctrl-C stops it.\n\n${table}\n${purchase}`;
}

function operator(password: string | undefined): string {
  if (password === undefined) return 'operator / the password that you set, or that the first start showed';
  return `operator / ${password}   (shown only once; OPERATOR_PASSWORD sets another)`;
}

/** Needs a POSIX shell, curl, and Node, which is installed anyway. */
function firstPurchase(apiUrl: string): string {
  return String.raw`API=${apiUrl}/v1; JSON='Content-Type: application/json'; ME=fan$$
get() { node -e "const v = JSON.parse(require('fs').readFileSync(0, 'utf8'))$1; console.log(typeof v === 'string' ? v : JSON.stringify(v))"; }
curl -sS $API/users -H "$JSON" -d '{"id":"'$ME'","password":"a seat in the front"}'; echo
LOGIN=$(curl -sS $API/auth/login -H "$JSON" -d '{"id":"'$ME'","password":"a seat in the front"}')
BEARER="Authorization: Bearer $(echo "$LOGIN" | get .accessToken)"; QUEUE=$(echo "$LOGIN" | get .queueToken)
curl -sS $API/wallet/top-ups -H "$BEARER" -H "$JSON" -d '{"amount":1000000}'; echo
CONCERT=$(curl -sS $API/concerts | get '.items.find((c) => c.saleStatus === "OPEN").concertId')
SCHEDULE=$(curl -sS $API/concerts/$CONCERT/schedules | get '.items.find((s) => s.saleStatus === "OPEN").scheduleId')
SEATS=$(curl -sS $API/schedules/$SCHEDULE/seats | get '.seats.filter((s) => s.status === "AVAILABLE").slice(0, 2).map((s) => s.seatId)')
HOLD=$(curl -sS $API/reservations -H "$BEARER" -H "$JSON" -d '{"seatIds":'"$SEATS"',"queueToken":"'$QUEUE'"}'); echo "$HOLD"
curl -sS $API/payments -H "$BEARER" -H "$JSON" -d '{"reservationId":"'$(echo "$HOLD" | get .reservationId)'","queueToken":"'$QUEUE'"}'; echo
`;
}
