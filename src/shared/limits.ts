/**
 * Every limit of Porthole, each with why this number. `npm run docs` prints this file as
 * docs/limits.md; `npm run docs:check` fails when the page is stale.
 *
 * Invariant: a limit is read from here and nowhere repeated.
 */

// ── Frames ──────────────────────────────────────────────────────────────────────────────────────

/** Header of a frame, bytes: type u8, socket id u32, sequence number u32. */
export const FRAME_HEADER_BYTES = 9;

/** Largest frame with its header, bytes. Every WebRTC stack takes 64 KiB messages without being asked (RFC 8841 §6.1 default). */
export const FRAME_BYTES_MAX = 65_536;

/** Payload of a DATA frame on a DataChannel, bytes. Small enough that sockets mix finely, large enough that per-message work stays under a tenth of the cost (docs/performance.md). */
export const DATACHANNEL_DATA_BYTES = 16_384;

/** Text of a CLOSE frame, bytes of UTF-8. A sentence fits; a flood does not. */
export const CLOSE_TEXT_BYTES_MAX = 200;

/** Share id in a CONNECT frame, bytes. Ids are 16 random bytes; the rest is room for later. */
export const SHARE_ID_BYTES_MAX = 64;

// ── Sockets ─────────────────────────────────────────────────────────────────────────────────────

/** Live sockets per peer; more wait in the listener. Far above what a browser or a pool opens, and 16,384 idle ones cost about half a gigabyte. */
export const SOCKETS_PER_PEER_MAX = 16_384;

/** Connections to targets being opened at once per peer; more wait their turn. Bounds the half-open sockets a peer can make this computer hold. */
export const PENDING_DIALS_MAX = 2048;

/** Unacknowledged frames per socket and direction. With 16 KiB frames 16 MiB, four times the largest window; one-byte writes gather behind it. */
export const UNACKED_FRAMES_MAX = 1024;

/** Ids a peer may skip before they arrive. Frames overtake each other by what is in flight, and no honest peer opens more at once than it may have alive. */
export const SKIPPED_IDS_MAX = 16_384;

/** Frames that may wait for one socket's CONNECT. The opener may send 16 KiB ahead; even in small writes that is some dozens of frames. */
export const EARLY_FRAMES_MAX = 256;

/** Bytes that may wait for CONNECTs per peer, all sockets together. CONNECT goes ahead of every DATA, so only loss makes any wait at all. */
export const EARLY_TOTAL_BYTES_MAX = 4_194_304;

/** Frames that may wait for an earlier one per peer, all sockets together. A full 64 MiB in flight is 4,096 frames; keeping one costs some 250 bytes beyond its payload, so this bounds that to 16 MiB. */
export const WAITING_FRAMES_TOTAL_MAX = 65_536;

/** Bytes of frames kept for one peer until it acknowledges them; beyond it the session ends. An honest peer's windows allow about 640 MiB at the very worst (first windows of 16,384 sockets, all that may grow, headers); one that grants for ever and never acknowledges must not fill the memory. */
export const KEPT_BYTES_MAX = 1_073_741_824;

/** Sockets beyond the limit that the peer has not heard yet are refused. An honest peer counts its own, so some dozens cross on the way; each is a number in a set. */
export const TURNED_AWAY_MAX = 4096;

/** What is read from a local connection ahead of its turn, bytes; past it reading pauses. One read of Node's, so a turn never waits for the next. */
export const READ_AHEAD_BYTES = 65_536;

/** How long a connection to a target may take, ms. Linux gives up after about 127 s; a person after ten. */
export const DIAL_TIMEOUT_MS = 10_000;

/** Connections to a forward that the kernel holds while this process is busy (Linux cuts it to net.core.somaxconn, 4,096). A thousand at once must not be turned away; Node's default is 511. */
export const LISTEN_BACKLOG = 4096;

/** How long a look at a local port may take, ms; loopback answers in well under one. */
export const PROBE_MS = 1000;

/** Forwards to one peer. Far above what a person shares; a hostile list of 16 KiB would name two thousand. */
export const FORWARDS_PER_PEER_MAX = 256;

/** The target of a share is asked for this often while it answers, ms. A crash is known within half a minute, and sooner where somebody connects; more often would fill the target's log. */
export const HEALTH_PROBE_MS = 30_000;

/** …and this often while it does not, or may not, answer, ms: a restarted app is back for everybody within a second or two. */
export const HEALTH_DOWN_PROBE_MS = 1000;

/** Every pause between two looks is shorter by up to this part, at random: 1/8. Keeps apart what started together. */
export const HEALTH_JITTER_FRACTION = 8;

/** How long a look at a target may take, ms. A computer on the local network answers in a few; a retransmitted SYN takes a second. */
export const HEALTH_PROBE_TIMEOUT_MS = 2000;

/** Looks in a row without an answer that make a target down. One can be a restart, two bad luck. */
export const HEALTH_FAILURES_MAX = 3;

/** How long a look waits for the target to close in its turn, ms. Then it is cut; a server that never reads would hold the socket for ever. */
export const HEALTH_PROBE_CLOSE_MS = 1000;

/** How long a reset waits for the bytes ahead of it to be taken, ms. TCP would drop what a stalled reader left in the sender's buffer; ten seconds lets a slow one have it and still ends a dead one. */
export const RESET_LINGER_MS = 10_000;

/** TCP keepalive on every local connection, ms. Ends half-closed connections whose other end has vanished. */
export const TCP_KEEPALIVE_MS = 60_000;

/** Refused opens (unknown or forbidden share) in a minute that end the link. A stale list of shares causes a handful, a scan thousands. */
export const REFUSED_OPENS_PER_MINUTE_MAX = 100;

/** Opens the peer resets before the target answered, in ten seconds, that end the link (rapid reset, CVE-2023-44487). */
export const RAPID_RESETS_PER_10_S_MAX = 1000;

// ── Credit ──────────────────────────────────────────────────────────────────────────────────────

/** What the opener may send behind CONNECT before the first CREDIT arrives, bytes. The smallest window any socket ever has, so it needs no agreement; about TCP's initial window of ten segments (RFC 6928). */
export const EARLY_CREDIT_BYTES = 16_384;

/** First window of a socket and direction while sockets are few, bytes. 256 KiB fills 100 Mbit/s at 20 ms. */
export const INITIAL_WINDOW_BYTES = 262_144;

/** What a new socket gets its share of, bytes: its first window is this divided by the live sockets, within [EARLY_CREDIT_BYTES, INITIAL_WINDOW_BYTES]. So first windows shrink as sockets grow in number, from the 129th on; what older ones were granted is not taken back, so their sum can be more than this (the worst one is under Memory in docs/limits.md). */
export const INITIAL_WINDOWS_TOTAL_BYTES = 33_554_432;

/** Largest window of a socket and direction, bytes. 4 MiB fills 300 Mbit/s at 100 ms. */
export const WINDOW_BYTES_MAX = 4_194_304;

/** What all windows of a peer may hold beyond their first size, bytes. */
export const GROWN_WINDOWS_TOTAL_BYTES = 67_108_864;

/** A CREDIT is owed when this part of the window was consumed: 1/4. Less often stalls the sender near the end of its window, more often only costs frames. */
export const CREDIT_WINDOW_FRACTION = 4;

/** Something to acknowledge waits at most this long for a CREDIT, ms. */
export const CREDIT_DELAY_MS = 25;

// ── Gate ────────────────────────────────────────────────────────────────────────────────────────

/** The gate shuts while the carrier holds more than this, bytes. */
export const GATE_HIGH_WATER_BYTES = 262_144;

/** A gate shut by the high water mark opens when the carrier holds no more than this, bytes. Above zero, so that the pipe never runs dry. */
export const GATE_LOW_WATER_BYTES = 65_536;

/** Least that may be in flight, bytes: four DATA frames, so that even a slow path has the next frame waiting. At 8 Mbit/s 64 ms. */
export const GATE_IN_FLIGHT_MIN_BYTES = 65_536;

/** Queue the gate aims to keep at the narrowest point, ms. Rides out the jitter of two event loops. With 8 an echo beside a bulk transfer takes 10 to 12 ms on a saturated two-core machine, with 15 it takes 20 to 24, at the same throughput within the noise (docs/performance.md). */
export const GATE_QUEUE_MS = 8;

/** …or this part of the least round trip, if that is more: 1/4. Round trips of long paths vary by more than 8 ms, and a queue shorter than that lowers the rate step by step: at 100 ms from 190 to 25 Mbit/s within ten seconds (measured). */
export const GATE_QUEUE_FRACTION = 4;

/** How long a measured least round trip counts, ms. Then the gate drains its own queue for two rounds and measures anew, or the queue itself would pass for distance (BBR's ProbeRTT, draft-ietf-ccwg-bbr). */
export const GATE_LEAST_ROUND_TRIP_MS = 10_000;

/** How long a rate is measured at least, ms. Event loops hand data over in bursts of several ms; a shorter span takes a burst for the rate. */
export const GATE_RATE_SPAN_MS = 25;

/** Spans whose best rate counts as the rate of the path. One bad span (a busy event loop) must not halve it. */
export const GATE_RATE_SPANS = 4;

/** Turns in a row that sockets that were idle get before one that streams has its turn. */
export const GATE_FRESH_TURNS_MAX = 16;

/** ARRIVED is sent after this many bytes: four full DATA frames. Sending one costs as much as sending a full frame does; with every second frame it took a twentieth of all processor time. */
export const ARRIVED_EVERY_BYTES = 65_536;

/** …or this long after the first byte it tells of, ms. */
export const ARRIVED_DELAY_MS = 5;

// ── Carrier ─────────────────────────────────────────────────────────────────────────────────────

/** Largest IP packet of a DataChannel, bytes: what every IPv6 path must carry (RFC 8200 §5). Packets go out with "don't fragment" and nothing searches for the path's MTU, so one byte more than a VPN or mobile path takes would lose every full packet; 1400 gains less than the noise of the measurement (docs/performance.md). */
export const DATACHANNEL_MTU_BYTES = 1280;

/** SCTP receive window, bytes. Bounds the rate to window / round trip: 4 MiB fills 300 Mbit/s at 100 ms, as WINDOW_BYTES_MAX does; the default 1 MiB ends at 80. The send buffer (sent and not acknowledged) bounds it too and is as large. It costs no processor time (docs/performance.md), and no delay either: what is in flight is bounded by the gate. */
export const SCTP_NEAR_BUFFER_BYTES = 4_194_304;

/** …of a long path, bytes: 16 MiB fills 450 Mbit/s at 300 ms with several sockets. Only there: it is memory of the kernel of SCTP, for each association. */
export const SCTP_FAR_BUFFER_BYTES = 16_777_216;

/** Delay of SCTP acknowledgements, ms. With the usual 20 usrsctp mistakes them for loss on steady paths and falls to a few Mbit/s within seconds; none costs a quarter to a third more processor time (docs/performance.md). */
export const SCTP_SACK_DELAY_MS = 0;

/** How long a closed DataChannel is kept in memory for the library's last callbacks, ms; freeing it before them crashes the process. They come within milliseconds, or never when it was not connected. */
export const NATIVE_LINGER_MS = 2000;

// ── Link ────────────────────────────────────────────────────────────────────────────────────────

/** A carrier that is not authenticated by then is closed, ms. A handshake takes three round trips. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** How long two people may take to compare the digits, ms. They may have to call each other first; the computers hold nothing but an idle link meanwhile. */
export const CONFIRM_TIMEOUT_MS = 300_000;

/** What a carrier may send before it is authenticated, bytes. HELLO and AUTH take under 400. */
export const HANDSHAKE_BYTES_MAX = 8192;

/** Frames that may overtake the peer's READY are held up to this, bytes; an honest peer's gate lets no more than 64 KiB of DATA and little else go before our first ARRIVED. */
export const BEFORE_READY_BYTES_MAX = 1_048_576;

/** How often the heartbeat of a carrier looks at the time, ms: what is noticed is noticed so much late at most. */
export const HEARTBEAT_TICK_MS = 500;

/** PING while the link carries traffic, ms. */
export const PING_ACTIVE_MS = 1000;

/** PING while it is idle, ms. */
export const PING_IDLE_MS = 4000;

/** Silence after which a carrier that carries traffic is suspected, ms: two PINGs in a row. Then a new one is sought beside it; it is not closed, for a stalled machine often comes back, and SCTP repeats a lost packet within a second. */
export const SUSPECT_ACTIVE_MS = 2000;

/** …and an idle one, ms: three PINGs in a row, so that it is noticed within twelve seconds. */
export const SUSPECT_IDLE_MS = 11_500;

/** …or this many smoothed round trips, if that is more: a path of seconds is no dead one. */
export const SUSPECT_ROUND_TRIPS = 4;

/** Silence after which a carrier is given up, ms. By then a new one has been sought for some time; SCTP itself gives up after 13 to 30 s (facts measured in issue 1). */
export const LINK_SILENCE_MS = 15_000;

/** How long sockets are held while no carrier works, ms: a laptop's nap, a change of network, a router's restart. After that both applications see a reset. */
export const HOLD_DEFAULT_MS = 60_000;

/** Least hold, ms, for who chose none: what is only asked whether it still works, after a wake or a change of network, has that long to answer. */
export const HOLD_LEAST_MS = 1000;

/** Longest hold a person may choose, ms. What is kept is bounded by the windows whatever it is; applications rarely wait longer. */
export const HOLD_MAX_MS = 600_000;

/** An authenticated carrier must have joined the session by then, ms: RESUME takes one round trip. */
export const JOIN_TIMEOUT_MS = 10_000;

/** Sockets in one part of RESUME: 16 bytes each, and the rest of the frame for its other fields. */
export const RESUME_SOCKETS_PER_PART = 3500;

/** Parts of a RESUME: SOCKETS_PER_PEER_MAX of each side would take ten. */
export const RESUME_PARTS_MAX = 16;

/** RESUMEs a peer may send in a minute, whole ones. Each makes this side send again what is not acknowledged; an honest peer sends two for each carrier that is lost. */
export const RESUMES_PER_MINUTE_MAX = 240;

/** Carriers of one session at once: those in use, those that drain and those on their way. */
export const CARRIERS_MAX = 16;

/** A carrier that is not used any more may take this long to drain, ms; then it counts as lost, and what was on it is sent again. */
export const DRAIN_TIMEOUT_MS = 10_000;

/** How long a closing link waits for its farewell to arrive, ms. Ctrl+C must end everything within a second. */
export const FAREWELL_MS = 250;

/** PeerConnections a session sends on at most. Each halves its window by itself, so four of them lose an eighth to a loss; more gain little and cost a NAT mapping each. */
export const LANES_MAX = 4;

/** Rate that a session should be able to reach, bytes per ms: 200 Mbit/s, what a good home line moves. Lanes are added until the path's loss and round trip allow it, or there are LANES_MAX. */
export const LANE_TARGET_BYTES_PER_MS = 25_000;

/** What one lane must want to have in flight for it to get larger buffers, bytes, and below which the usual ones do again: three quarters of SCTP_NEAR_BUFFER_BYTES, and a quarter. */
export const LANE_FAR_BYTES = 3_145_728;
export const LANE_NEAR_BYTES = 1_048_576;

/** How often the lanes of a session are looked at, ms: some round trips of any path, and a PONG. */
export const LANE_REVIEW_MS = 1000;

/** What all lanes must have moved since the last look for more of them to be worth anything, bytes: 2 Mbit/s. */
export const LANE_BUSY_BYTES = 262_144;

/** A DATA frame has a MARK behind it this long after the last, ms: less than the time it takes to fill a hole on any path where lanes matter, and next to nothing at 100 frames a second. */
export const MARK_EVERY_MS = 10;

/** DATA frames that make a measure of loss. At 0.1 % of packets about one in 70 frames has a hole. */
export const LANE_EVIDENCE_FRAMES = 70;

/** After a lane that could not be made the next is tried this much later, ms. */
export const LANE_RETRY_MS = 30_000;

/** Lanes that were not needed for this long are given up, ms. */
export const LANE_SURPLUS_MS = 60_000;

/** One more lane of a session that is up must be made within this, ms. */
export const LANE_MAKE_MS = 10_000;

/** CONTROL messages: largest message, bytes. */
export const CONTROL_BYTES_MAX = 16_384;

/** CONTROL messages a side has sent that are not acknowledged; then only the newest of each kind waits. Half of what may wait for an earlier one at the peer. */
export const CONTROL_UNACKED_MAX = 32;

/** CONTROL messages that may wait for an earlier one. */
export const CONTROL_WAITING_MAX = 64;

/** CONTROL messages a peer may send in a minute. Each can make this computer write a file and open ports; fifty shares whose targets come and go every few seconds make a thousand. */
export const CONTROL_PER_MINUTE_MAX = 1200;

/** Addresses of its signaling server a peer may tell. Twice what an invite holds: no QR code limits it, and trying them all still takes one round. */
export const REACH_ENDPOINTS_MAX = 8;

/** Rendezvous servers a peer may tell. One is the rule; with a second one at work and spares it still is a handful. */
export const REACH_RENDEZVOUS_MAX = 4;

/** URL of a rendezvous server, characters. A host name has at most 253. */
export const REACH_URL_CHARS_MAX = 256;

// ── Command ─────────────────────────────────────────────────────────────────────────────────────

/** Longest backup that `import` reads, bytes: 2,000 paired devices with twenty forwards each. */
export const BACKUP_TEXT_BYTES_MAX = 8_388_608;

/** Longest pasted line that `join` reads, bytes; a longer one is no link. A link takes about 200 bytes and at most INVITE_CHARS_MAX, some chats wrap it in more. */
export const INVITE_TEXT_BYTES_MAX = 4096;

/** Largest QR code that is drawn, version (ISO/IEC 18004): 77 modules to a side. Cameras often fail at more, and the largest code of two descriptions fits. */
export const QR_VERSION_MAX = 15;

/** From Ctrl+C to the end of the process at the latest, ms. */
export const EXIT_DEADLINE_MS = 900;

/** How often a question is asked again when the answer is neither yes nor no; then it counts as no. A slip or two is human, and a script that answers something else must not be asked for ever. */
export const QUESTION_REPEATS_MAX = 3;

/** Longest answer to a yes-or-no question that is looked at, bytes. The longest is three; a pasted link is no answer. */
export const ANSWER_BYTES_MAX = 64;

/** Longest passphrase, bytes of UTF-8. Far above what anyone types, and a whole file is no passphrase. */
export const PASSPHRASE_BYTES_MAX = 1024;

// ── Control socket and log ──────────────────────────────────────────────────────────────────────

/** Random token that a client of the control socket must have read from the data folder, bytes: 256 bits, beyond guessing. */
export const CONTROL_TOKEN_BYTES = 32;

/** Path of a Unix socket, bytes. The kernel takes 107 (Linux) or 103 (macOS); a longer path goes to a folder for temporary files. */
export const CONTROL_PATH_BYTES_MAX = 100;

/** Longest line on the control socket, bytes, both ways. The largest message is the whole state; 256 KiB has room for several hundred shares and devices. */
export const CONTROL_LINE_BYTES_MAX = 262_144;

/** Longest answer or event, bytes: the state of a computer with all forwards of several devices, or the log for a bug report. */
export const CONTROL_ANSWER_BYTES_MAX = 2_097_152;

/** Longest line of a client that has not shown the token yet, bytes. Its two lines take under 100. */
export const CONTROL_GREETING_BYTES_MAX = 512;

/** Clients of the control socket at once. A person has a few terminals open; a script that leaks clients is stopped here. */
export const CONTROL_CLIENTS_MAX = 64;

/** Calls a client may have open at once. A command makes one or two; a window that shows everything some more. */
export const CONTROL_CALLS_MAX = 64;

/** Inputs of a call that nobody has taken yet. They are given when they are asked for, so one is usual. */
export const CONTROL_INPUTS_MAX = 16;

/** A client of the control socket must have shown the token by then, ms, and the process behind it must have proved that it knows it. Both take a millisecond; a stopped process takes for ever. */
export const CONTROL_GREETING_MS = 5000;

/** What may wait for a client of the control socket that does not read, bytes; past that it is cut. The longest answer is the whole log, said at once: LOG_ENTRIES_MAX × LOG_TEXT_CHARS_MAX of three bytes each, and some more. */
export const CONTROL_OUTPUT_BYTES_MAX = 4_194_304;

/** Entries that `logs` shows. At the usual rate of a few a minute some hours. */
export const LOG_ENTRIES_MAX = 1000;

/** Text of a log entry, characters; what is longer is cut. The longest sentence with the longest names in it takes under 500. */
export const LOG_TEXT_CHARS_MAX = 1000;

/** The log file is put aside when it has reached this, bytes. */
export const LOG_FILE_BYTES = 1_048_576;

/** Log files put aside, beside the one in use: three in all, so a log takes about 3 MiB (a burst of LOG_WAITING_BYTES_MAX stays in one piece) and reaches back some weeks. */
export const LOG_FILES_KEPT = 2;

/** What may wait for a disk that does not take it, bytes; past that entries are left out of the file. */
export const LOG_WAITING_BYTES_MAX = 1_048_576;

// ── What pages are told ─────────────────────────────────────────────────────────────────────────

/** Least time between two states told to one listener, ms: ten a second look immediate to a person. */
export const WATCH_LEAST_MS = 100;

/** How often the state is compared with what was told last, ms, for what changes without an event (round trips). */
export const WATCH_TICK_MS = 250;

/** Time between two samples of the counters, ms: four a second make a smooth curve. */
export const METRICS_MS = 250;

/** Entries told at once. A page draws 200 lines in one frame. */
export const ACTIVITY_BATCH_MAX = 200;

/** Names taken out of diagnostics besides those that are there: more than the log has entries. */
export const NAMES_HEARD_MAX = 2000;

/** Characters of the log in diagnostics, the newest: what an issue tracker takes. */
export const DIAGNOSTICS_LOG_CHARS_MAX = 60_000;

// ── Shares ──────────────────────────────────────────────────────────────────────────────────────

/** Shares that were removed whose id is kept, so that forwards find them when they are shared again. A person shares some dozens of things. */
export const SHARES_RETIRED_MAX = 256;

// ── Web UI ──────────────────────────────────────────────────────────────────────────────────────

/** Random token that a page of the web UI must show, bytes: 256 bits, beyond guessing. */
export const WEB_UI_TOKEN_BYTES = 32;

/** TCP connections to the web UI at once. A browser opens six for its files and one for each tab; nobody gets more of this process by opening hundreds. */
export const WEB_UI_CONNECTIONS_MAX = 64;

/** Pages of the web UI at once. A person has a few tabs open; each gets the state ten times a second at most. */
export const WEB_UI_PAGES_MAX = 16;

/** Pages that have not shown the token yet, at once. It takes a page a millisecond; each may make this process hold CONTROL_LINE_BYTES_MAX meanwhile. */
export const WEB_UI_GREETINGS_MAX = 16;

/** A page of the web UI must have shown the token by then, ms. The page has it before it connects. */
export const WEB_UI_GREETING_MS = 5000;

/** Wrong tokens within WEB_UI_WRONG_TOKENS_MS before every further one has to wait. Each tab that was left open over a restart shows one. */
export const WEB_UI_WRONG_TOKENS_MAX = 10;

/** How long a wrong token counts, ms. */
export const WEB_UI_WRONG_TOKENS_MS = 60_000;

/** How long a token then waits for its verdict, ms, the right one too: with WEB_UI_GREETINGS_MAX of them at once 16 guesses a second, of 2^256. Who has the right one waits no longer than for a slow page. */
export const WEB_UI_VERDICT_MS = 1000;

/** Header of a request to the web UI, bytes. Cookies know no ports: what all dev servers of this computer have left for 127.0.0.1 comes along, and is not looked at. */
export const WEB_UI_HEADER_BYTES_MAX = 65_536;

/** A request to the web UI must be here whole by then, ms. It comes from this computer, in one packet. */
export const WEB_UI_REQUEST_MS = 10_000;

/** A connection to the web UI on which nothing moves for this long is cut, ms: one that asks for a file and does not read it. */
export const WEB_UI_STALLED_MS = 30_000;

/** Fragments of one message of a page. Browsers send a message whole, or in pieces of 64 KiB and more. */
export const WEB_UI_FRAGMENTS_MAX = 64;

/** How long a page that is told to go may take to say goodbye, ms. */
export const WEB_UI_GOODBYE_MS = 1000;

/** Files of the page, and bytes of all of them. The page is some dozens of files and under 4 MiB; they are kept in memory. */
export const WEB_UI_FILES_MAX = 256;
export const WEB_UI_FILES_BYTES_MAX = 16_777_216;

/** Label of a peer in `http://<peer>.localhost`, characters (RFC 1035 §2.3.4). */
export const PEER_HOST_LABEL_CHARS_MAX = 63;

// ── Tray and notifications ──────────────────────────────────────────────────────────────────────

/** Items in a submenu of the tray; behind them comes "Show All…". A menu cannot scroll everywhere, and a person reads ten at a glance. */
export const TRAY_ITEMS_MAX = 10;

/** Characters of a name in a menu or a notification. Menus are as wide as their longest item, and notifications cut at about 40. */
export const SHORT_NAME_CHARS_MAX = 40;

/** …and UTF-16 code units of it: one character can carry any number of combining marks. A family of seven emoji takes some 30. */
export const SHORT_NAME_UNITS_MAX = 256;

/** Least time between two changes of the tray menu, ms. On Linux each goes over D-Bus as a whole, and an open menu may jump. */
export const TRAY_MENU_LEAST_MS = 500;

/** Least time between two changes of the tray icon, ms (Mullvad's number): panels draw late what comes faster, in the wrong order. */
export const TRAY_ICON_LEAST_MS = 200;

/** One frame of the tray icon that says "connecting", ms: two a second. Each frame is a picture over D-Bus. */
export const TRAY_FRAME_MS = 500;

/** A problem is shown when it has lasted this long, ms. Most are over before, and a flash worries for nothing. */
export const TRAY_PROBLEM_MS = 5000;

/** A device that does not come counts as away after this, ms, even though it is called for ever: a tray must not move for weeks. As long as it is called urgently (CALL_URGENT_MS). */
export const TRAY_CONNECTING_MS = 30_000;

/** A round trip in the menu is kept until the measured one differs by this, ms… Menus must not change four times a second. */
export const TRAY_ROUND_TRIP_STEP_MS = 2;

/** …or by this part of it, if that is more: 1/5. */
export const TRAY_ROUND_TRIP_FRACTION = 5;

/** How often the listening ports are looked for while nobody says that the menu opens, ms. On Linux a look reads some files of /proc; a person who has just started an app takes longer to reach for the menu. */
export const TRAY_LISTENING_MS = 10_000;

/** Time between two states that menu and notifications ask for, ms; what changes after a quiet time is there at once. */
export const TRAY_STATUS_MS = 500;

/** How long the tray waits before it asks for the state again when the engine did not answer, ms: it starts again within a second or two. */
export const TRAY_STATUS_RETRY_MS = 1000;

/** A question to the session bus whether there is a tray takes at most this long, ms. It answers in some milliseconds, or has to start a service. */
export const TRAY_PRESENCE_TIMEOUT_MS = 3000;

/** How often it is asked while there is none, ms: a panel may start after the app at login… */
export const TRAY_MISSING_MS = 5000;

/** …and while there is one, ms: a panel that was started again has forgotten its icons. Each question starts a process. */
export const TRAY_SHOWN_MS = 60_000;

/** A device with open connections is told to be lost after this, ms. Sooner is what holding connections is for; applications give up not much later. */
export const NOTICE_LOST_MS = 30_000;

/** What lasts less than this, ms, is not told: neither that a device went, nor that it came. */
export const NOTICE_FLAP_MS = 10_000;

/** Least time between two notifications about one device, ms. More would be turned off by the person. */
export const NOTICE_LEAST_MS = 60_000;

/** Shares whose first appearance is remembered. As many as 64 devices with all the forwards they can have; beyond it the oldest are forgotten, and told once more. */
export const NOTICE_SHARES_MAX = 16_384;

// ── Signaling and pairing ───────────────────────────────────────────────────────────────────────

/** Largest signaling message, bytes. A description takes under 200. */
export const SIGNALING_BYTES_MAX = 16_384;

/** Messages one signaling connection may send. Pairing takes two. */
export const SIGNALING_MESSAGES_MAX = 64;

/** Signaling connections at once. */
export const SIGNALING_CONNECTIONS_MAX = 32;

/** Signaling connections at once from one address. */
export const SIGNALING_CONNECTIONS_PER_ADDRESS_MAX = 4;

/** A signaling connection must show a valid message within this time, ms. */
export const SIGNALING_FIRST_MESSAGE_MS = 10_000;

/** Rooms a signaling server keeps, finished ones included: three for each of 5,000 paired devices, and a few invites. A room is an entry in a table. */
export const SIGNALING_ROOMS_MAX = 16_384;

/** Messages one signaling connection may send in a second, pings included. Pairing sends two in a row at most. */
export const SIGNALING_MESSAGES_PER_SECOND_MAX = 10;

/** HTTP header of a signaling connection, bytes. An upgrade takes under 300. */
export const SIGNALING_HEADER_BYTES_MAX = 4096;

/** TCP connections to the signaling server for each signaling connection it allows: room for those still in their HTTP header, so that the ones too many hear 429 or 503 and a flood does not. */
export const SIGNALING_TCP_PER_CONNECTION = 2;

/** Trying the addresses of an invite takes at most this long, ms. A SYN that was lost twice is repeated by then; a person still waits. */
export const SIGNALING_CONNECT_TIMEOUT_MS = 10_000;

/** A server that opens and shows nothing genuine holds the next one up for this long, ms; then twice as many are talked with. The right one has its offer ready within a fraction of a second, and a second claim of the same room takes the place of the first. */
export const SIGNALING_TALK_PATIENCE_MS = 1500;

/** How long a refusal waits for the other addresses of an invite to lead to somebody else, ms. Anybody at an old address can refuse; a person waits for this who used a link twice. */
export const SIGNALING_REFUSAL_PATIENCE_MS = 3000;

/** A closed signaling connection waits this long for the other side's goodbye, ms. */
export const SIGNALING_CLOSE_MS = 1000;

/** What may wait to be sent on one signaling connection, bytes: four messages of the largest size. Whoever reads slower than pairing talks is cut off. */
export const SIGNALING_BUFFERED_BYTES_MAX = 65_536;

/** Tag of a room, bytes: 128 bits, beyond guessing. */
export const ROOM_TAG_BYTES = 16;

/** Random salt of a sender of sealed envelopes, bytes. Two never meet: every one makes a key whose counter starts at 0. */
export const SEALING_SALT_BYTES = 16;

/** Salts one room remembers, so how often an invite may be claimed by the same computer again. Only holders of the invite can use them up; an honest one reconnects a few times. */
export const SEALING_SALTS_MAX = 32;

/** Life of an online invite, ms: long enough to walk to the other computer. */
export const INVITE_LIFE_MS = 600_000;

/** Life of an offline invite, ms: two blobs have to be carried by hand, there and back. It is also how long both ends of a channel signaled by hand wait for each other. */
export const OFFLINE_INVITE_LIFE_MS = 900_000;

/** Secret of an invite, bytes: 128 bits, beyond guessing. */
export const INVITE_SECRET_BYTES = 16;

/** Addresses in an invite. Keeps the QR code at version 10 or below. */
export const INVITE_ENDPOINTS_MAX = 4;

/** IPv6 ones among them: with more the QR code outgrows version 10, and the rest are temporary addresses of the same network. */
export const INVITE_IPV6_ENDPOINTS_MAX = 2;

/** Device name inside an invite, bytes of UTF-8, cut at a character. */
export const INVITE_NAME_BYTES_MAX = 24;

/** An online link, characters: what a QR code of version 10 holds at ECC M (ISO/IEC 18004 table 7). Endpoints that do not fit are left out, least useful first. */
export const INVITE_LINK_CHARS_MAX = 213;

/** An invite or blob as text, characters. Four host names of the usual length fit; nothing larger is worth reading (threat 11). */
export const INVITE_CHARS_MAX = 2048;

/** How far the joining computer's clock may be wrong before it calls an invite expired by itself, ms. Within it the sharing one, whose clock counts, decides. */
export const INVITE_CLOCK_SKEW_MS = 120_000;

/** Invalid first messages in a room before its owner is told. Fewer can be a stale link; none can guess 128 bits. */
export const INVITE_INVALID_ATTEMPTS_WARN = 5;

/** How long the room of a finished invite still says so, ms: as long as an invite lives, so that the second person who got the link hears it was used. */
export const INVITE_AFTERLIFE_MS = 600_000;

/** Capabilities in a HELLO, and bytes of each. A handful of short words; the rest is room for later. */
export const CAPABILITIES_MAX = 16;
export const CAPABILITY_BYTES_MAX = 32;

/** Device name elsewhere, bytes of UTF-8, cut at a character. */
export const DEVICE_NAME_BYTES_MAX = 64;

/** Addresses of a session description: what is left after this is dropped, least likely first. */
export const CANDIDATES_MAX = 10;

/** How long the answerer of a description lets the offerer knock first, ms. Its answer is there by then on a usual network; later it knocks itself, which a NAT on its side needs. */
export const CANDIDATE_HOLD_MS = 100;

/** How long an offerer that was given its answer by hand goes on trying, ms: a connection takes milliseconds, and one that needs both NATs opened some seconds; a person watches. */
export const BY_HAND_CONNECT_MS = 60_000;

/** Pause before a by-hand connection that failed is built anew, ms. The library needs a moment to let go of the old one, and nothing may spin. */
export const BY_HAND_RETRY_MS = 250;

/** Ports tried for a by-hand connection: one that was free a moment ago can be taken by the time it is opened. */
export const BY_HAND_PORT_TRIES = 5;

/** How long gathering addresses may take before the description goes out without the rest, ms. An unreachable STUN server would hold it for 23.5 s. */
export const GATHER_TIMEOUT_MS = 2000;

/** First pause before a STUN or TURN server that is asked whether it is there is asked again, ms; each is longer by as much. RFC 8489 §6.2.1 begins with 500, for servers of the whole world; this is a person's own, and two lost packets must not cost a second. */
export const STUN_RETRANSMIT_MS = 100;

/** Requests to one server: the last one leaves it half a second of STUN_REQUEST_MS. */
export const STUN_REQUESTS_MAX = 5;

/** A server that has not answered by then is dead, ms. A round trip around the world takes 300. */
export const STUN_REQUEST_MS = 1500;

/** All servers together are asked within this time, ms: names that resolve slowly, and STUN_REQUEST_MS behind them. */
export const STUN_ROUND_MS = 4000;

/** The first connection on a network waits this long at most for STUN and TURN servers to answer, ms. Nearby ones take some tens; a LAN needs none, and a tenth of a second more is not seen. */
export const STUN_PATIENCE_MS = 250;

/** What is known about the servers is good for this long, ms; then they are asked again beside the next connection. A server that dies meanwhile costs GATHER_TIMEOUT_MS for each connection until then. */
export const STUN_FRESH_MS = 300_000;

/** …and this long where none answered, ms: networks come up, and a login page of a hotel takes a person a minute. */
export const STUN_RETRY_MS = 15_000;

/** Relayed addresses in a session description. One TURN server is used at a time; its IPv4 and its IPv6 address. */
export const RELAYED_CANDIDATES_MAX = 2;

/** How long one attempt at a channel may take, ms: a connection takes a tenth of a second and a bad one a few seconds; what takes longer has gone wrong somewhere, and a fresh attempt does better. */
export const JOIN_TRY_MS = 8000;

/** Attempts at one channel within CONNECT_TIMEOUT_MS. A first one can fail for reasons that are gone at the second (a NAT that had to be opened first); three of JOIN_TRY_MS fit. */
export const JOIN_TRIES_MAX = 3;

/** From the link to an authenticated carrier, ms; past that pairing failed. */
export const CONNECT_TIMEOUT_MS = 30_000;

// ── Local network ───────────────────────────────────────────────────────────────────────────────

/** Name under which a device announces itself to one paired device, bytes: 128 bits, beyond guessing, and one label of DNS (63 characters) in hexadecimal. */
export const LAN_NAME_BYTES = 16;

/** Paired devices that are announced to and sought on the local network, each. With three questions to each seeker a round of all takes ten packets. */
export const LAN_PEERS_MAX = 64;

/** Questions in a packet. With names of 38 bytes 24 take under 1,100: one Ethernet frame. */
export const LAN_QUESTIONS_PER_PACKET = 24;

/** Announcements in a packet. Each takes 92 bytes and some 60 for each address. */
export const LAN_ANSWERS_PER_PACKET = 3;

/** Records of a received packet that are looked at. Twice what a packet of ours has; others fill theirs with what is none of ours. */
export const LAN_PACKET_RECORDS_MAX = 48;

/** Addresses of one device in one packet: as many as it tells in an invite. */
export const LAN_ADDRESSES_MAX = 4;

/** How long an answer may be kept by others, s. What RFC 6762 §10 says for records with a host name; this program keeps none. */
export const LAN_TTL_SECONDS = 120;

/** What changes within this time is said in one go, ms: all peers of a process that starts. */
export const LAN_GATHER_MS = 20;

/** A name is answered for, asked for and announced again at the earliest after this, ms (RFC 6762 §5.2, §6, §8.3). */
export const LAN_SPEAK_AGAIN_MS = 1000;

/** Longest pause between two questions for a device that is away, ms; it doubles up to here. A device that comes to the network says so itself; this finds it when that was lost. */
export const LAN_QUERY_MAX_MS = 60_000;

/** Packets with announcements in a second. All of LAN_PEERS_MAX take 22; a flood of questions gets no more out of this computer. */
export const LAN_ANSWERS_PER_SECOND_MAX = 32;

/** Places a seeker is told within LAN_REPEAT_MS: the addresses of two computers, when one that lies was first. */
export const LAN_ENDPOINTS_MAX = 8;

/** The same place is told again after this, ms: a device that restarts says so, and is called at once; one that only repeats itself is not called in a loop. */
export const LAN_REPEAT_MS = 5000;

// ── Paired devices ──────────────────────────────────────────────────────────────────────────────

/** Least delay before a peer is called again, ms: a peer that fails at once must not be called in a loop. */
export const CALL_BACKOFF_LEAST_MS = 100;

/** Ceiling of the first delay before a peer is called again, ms. Doubles with each failure. */
export const CALL_BACKOFF_FIRST_MS = 500;

/** Highest ceiling, ms: a peer that wakes up is found within half a minute, and one that is away for weeks costs next to nothing. */
export const CALL_BACKOFF_MAX_MS = 30_000;

/** How long a peer is called as if somebody waited, ms, after a start, a wake, a change of network or a link that ended: it may come up, or be let in by its router, at any moment. */
export const CALL_URGENT_MS = 30_000;

/** …while sockets are held or somebody may wait, ms: whoever does counts seconds. */
export const CALL_BACKOFF_URGENT_MAX_MS = 2000;

/** While somebody may wait, a call that nobody has answered for this long gets company, ms: it may hang on a packet that was lost while the network was gone (a SYN is repeated after 1, 3, 7 s). */
export const CALL_OVERLAP_MS = 2000;

/** Calls to one peer at once; beyond it the oldest makes room. Each then has eight seconds, enough for a slow rendezvous server. */
export const CALLS_AT_ONCE_MAX = 4;

/** After a wake or a change of network the old carrier has this long to prove that it still works before a call begins, ms: a round trip of any path worth keeping. */
export const NUDGE_PATIENCE_MS = 250;

/** Of two devices that could call each other the one with the larger id waits this long, ms: on a local network the other's call is through by then, and two calls at once do no harm. */
export const CALL_COURTESY_MS = 400;

/** One call of a peer takes at most this long, ms: a connection takes a tenth of a second on a LAN, a few seconds through NATs. */
export const CALL_TIMEOUT_MS = 15_000;

/** Days other than today's that one call tries because a server said so. One clock is wrong at a time; a stranger can name any day. */
export const CALL_DAYS_MAX = 3;

/** A link that lasted this long resets the backoff, ms. */
export const LINK_HEALTHY_MS = 15_000;

/** How often the daily rooms are looked after, ms. An hour late is early enough: tomorrow's is open already. */
export const PEER_ROOM_REFRESH_MS = 3_600_000;

/** Callers' salts that a paired device's room remembers; the oldest are forgotten. A replay that gets past it only makes an offer nobody can answer. */
export const PEER_SALTS_MAX = 256;

/** How long `join` waits for the first list of shares, ms. It comes with the link. */
export const FIRST_SHARES_MS = 2000;

/** How long an invite waits for its rendezvous servers before it is shown, ms: a reachable one takes a few round trips, and an unreachable one must not keep the person waiting. */
export const RENDEZVOUS_PATIENCE_MS = 3000;

/** Rooms of finished invites that an engine keeps, so that a second person hears that theirs was used. */
export const FINISHED_INVITES_MAX = 16;

// ── Listening ports ─────────────────────────────────────────────────────────────────────────────

/** Ports that are offered to be shared, the lowest ones. A developer's computer has some dozens; systems give ports without a meaning from 32,768 on. */
export const LISTENING_PORTS_MAX = 256;

/** How long a look at listening ports is good for, ms. Menu and window ask at their own pace; a person who has just started a server does not wait for longer. */
export const LISTENING_FRESH_MS = 2000;

/** Name of a process, bytes of UTF-8. Linux has 15, macOS 32; those of Windows that are longer say nothing more to a person. */
export const PROCESS_NAME_BYTES_MAX = 64;

/** An address that is listened on, characters: 39 of IPv6 and the name of an interface. */
export const LISTEN_ADDRESS_CHARS_MAX = 64;

/** Links of /proc read at once. Node has four threads for files, which others need too; a read takes microseconds. */
export const LISTENING_READS_AT_ONCE = 32;

/** lsof or PowerShell must have told by then, ms. lsof takes a tenth of a second; the first PowerShell after a start of Windows some seconds. */
export const LISTENING_TOOL_MS = 15_000;

/** What lsof or PowerShell may print, bytes: 100 for each of ten thousand sockets. */
export const LISTENING_OUTPUT_BYTES_MAX = 1_048_576;

// ── Noticing ────────────────────────────────────────────────────────────────────────────────────

/** How often the clocks and the interfaces of this computer are looked at, ms. A change is known within a second, of the three a reconnect may take; a look costs under 0.1 ms (measured). */
export const SYSTEM_TICK_MS = 1000;

/** A tick that is this much later than due, or two clocks that drifted apart by this much between two ticks, mean that this computer slept or the process was stopped, ms. Event loops are late by a second on a machine that swaps; time servers correct by milliseconds. */
export const WOKE_GAP_MS = 3000;

/** Changes of addresses that are told at once… One change of network is two steps: the old address goes, the new one comes, and both must be acted on. */
export const NETWORK_CHANGES_TOLD = 2;

/** …within this time, ms; what changes beyond that is told when it is over. Addresses of one network (IPv4, and IPv6 ones that are checked for doubles first) come within some seconds. */
export const NETWORK_SETTLE_MS = 5000;

// ── Data folder ─────────────────────────────────────────────────────────────────────────────────

/** Largest file of the data folder, bytes. 1,000 peers with ten forwards each take about 2 MiB; what is larger is no file of ours and is not read into memory. */
export const DATA_FILE_BYTES_MAX = 16_777_216;

/** How often the time a peer was last seen is saved at most, ms. People read it in minutes, and every save waits for the disk. */
export const LAST_SEEN_SAVE_MS = 60_000;

/** Rendezvous and STUN servers in the settings, each. One of each serves; a few more are spares. */
export const SETTINGS_SERVERS_MAX = 16;

/** A text in the settings or of an address, characters. A host name has at most 253 (RFC 1035). */
export const SETTINGS_TEXT_CHARS_MAX = 512;

/** Password of a TURN server, characters. A file that has more in its first line is no password. */
export const TURN_PASSWORD_CHARS_MAX = 512;

/** Work of scrypt for a backup, N (with r = 8, p = 1): 128 MiB and about half a second for each guess of the passphrase. Part of the format: another number needs another version. */
export const BACKUP_SCRYPT_N = 131_072;

/** A backup as text, characters: a file of the largest size in base64. */
export const BACKUP_CHARS_MAX = 22_369_622;

// ── Desktop app ────────────────────────────────────────────────────────────────────────────────

/** Least time between two links of the system that are looked at, ms: a page can open any number of them, a person clicks one. */
export const DEEP_LINK_MS = 1000;

/** What a menu, a link or a notification asked the page to show while no page listened; the newest are kept. A person remembers the last click or two. */
export const WISHES_MAX = 8;

/** From the wish to quit to the end of the process at the latest, ms. Connections are closed within one; the rest is for a slow disk, and less than a system that shuts down waits (Windows: 5 s). */
export const QUIT_DEADLINE_MS = 4500;

/** Hints of the system that it woke up or was unlocked are passed on at most this often, ms; they come in bursts. */
export const SYSTEM_HINTS_MS = 2000;

/** Times a page that crashed is loaded again within PAGE_CRASHES_MS before a person is asked: once is chance, a page that crashes at its start would go on for ever. */
export const PAGE_CRASHES_MAX = 3;

/** …the time in question, ms. */
export const PAGE_CRASHES_MS = 60_000;

/** The state of the window is saved this long after it was moved or resized last, ms: not for every pixel of it. */
export const WINDOW_SAVE_MS = 500;

// ── Rendezvous ──────────────────────────────────────────────────────────────────────────────────

/** Connections at once to a rendezvous server. An idle one costs 15 KiB (measured), so all of them and the process itself about 140 MiB: the smallest machine one can rent. */
export const RENDEZVOUS_CONNECTIONS_MAX = 4096;

/** Connections at once from one address. A device has one for each paired device and day it waits for, and a household or an office shares one address; sixteen such addresses fill a server. */
export const RENDEZVOUS_CONNECTIONS_PER_ADDRESS_MAX = 256;

/** Rooms at once: three quarters of the connections, so that hosts leave some for their guests. */
export const RENDEZVOUS_ROOMS_MAX = 3072;

/** Guests at once in one room of a rendezvous server; as many as an embedded signaling server takes in all. */
export const RENDEZVOUS_GUESTS_MAX = 32;

/** Guests that one room takes in a second. Each makes two frames for its host, who must not be flooded by them. */
export const RENDEZVOUS_GUESTS_PER_SECOND_MAX = 10;

/** Frames in a second on a host's connection, pings included, either way. Ten messages of each of 32 guests, their coming and going, and some to spare. */
export const RENDEZVOUS_FRAMES_PER_SECOND_MAX = 512;

/** What may wait to be sent to a host, bytes. Past it the guest that says more is cut off, not the host: a guest must not end a room. */
export const RENDEZVOUS_HOST_BUFFERED_BYTES_MAX = 262_144;

/** PING of a rendezvous server to its hosts, ms. Routers forget an idle TCP connection after some minutes, proxies often after one. */
export const RENDEZVOUS_PING_MS = 30_000;

/** Pings in a row that a host may leave unanswered; then its room is closed. */
export const RENDEZVOUS_MISSED_PINGS_MAX = 2;

/** Silence, pings included, after which a device gives its connection to a rendezvous server up, ms. Two pings were lost by then, and half a period on top. */
export const RENDEZVOUS_SILENCE_MS = 75_000;

/** First and longest wait before a device connects to its rendezvous server again, ms; the wait doubles in between, and is cut at random so that not all come at once when a server is back. */
export const RENDEZVOUS_RETRY_MIN_MS = 500;
export const RENDEZVOUS_RETRY_MAX_MS = 30_000;

/** How long a connection to a rendezvous server must have lasted for the next wait to be short again, ms. A server that ends every connection soon gets no more than two tries a minute. */
export const RENDEZVOUS_STABLE_MS = 30_000;

/** Goodbyes of a rendezvous server that ends may take this long, ms; within EXIT_DEADLINE_MS. */
export const RENDEZVOUS_GOODBYE_MS = 500;

/** A rendezvous server logs its counters at most this often, ms: enough to see a flood, too seldom to follow a person. */
export const RENDEZVOUS_LOG_MS = 60_000;
