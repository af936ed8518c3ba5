// Package scenario tells calls as text and holds the whole node core to it:
// border and embedded core with their real machines and media workers, carriers
// and phones around them, one virtual clock and a network between them. It has
// no sockets, goroutines or waiting; minutes of calls pass in milliseconds, and
// the same seed gives the same bytes.
//
// Each file of testdata tells one rule or one carrier's quirk as blocks of
// commands, a line of four hyphens, and what followed from them:
//
//	call docomo from=09000002001 to=82002
//	ring au
//	----
//	docomo -> border   0.000  INVITE 82002 from=+819000002001 pai=+819000002001 pcmu te101 pem=supported
//	border -> docomo   0.010  100 INVITE
//	border -> core     0.010  INVITE 2002 from=09000002001 pai=09000002001 pcmu te101
//
// The times are when the message was sent, in seconds since the beginning. What
// is said of a message is siptest's summary of it. Comments begin with #. A line
// that begins with white space belongs to the command above it.
//
//	go test ./edge/lab/scenario            plays every file and compares
//	go test ./edge/lab/scenario -update    records what happens now: review it
//
// # Commands
//
//	config …            laid over the built-in configuration (site.go)
//	call, ring, answer, reject, hangup, cancel, reinvite, press, send, request, spoof
//	knows, ask          what a party answers, and asks, inside its dialogs
//	fax                 T.38: who takes it, offers it, sends and hears datagrams
//	watch               headers that are shown from here on
//	reliable, update    a party knows reliable provisional responses; it offers
//	                    before the answer
//	branch              a party's network answers as another branch of a fork
//	secure              a party's calls speak SRTP from here on, or must
//	timer               a party keeps session timers; they are shown from here on
//	advance 5s          lets time pass; until quiet: until nothing is sent
//	mute, unmute WHO    it sends no RTP, though its call stands; it does again
//	heard WHO WHAT…     judges by content what a party heard since it was last asked
//	show WHO            what a party was shown, or told at the end
//	ports PARTY         how many addresses for RTP the party was told
//	leak PARTY TEXT     whether the text was in anything sent to the party
//	cdr, notes, explain records, notes to operators, policy's steps
//	media               the quality of the records' legs by direction
//	peers               what is held against those that calls are sent to
//	link PARTY down|up  no SIP reaches the party, or leaves it (mute stops its RTP)
//	drain [over]        no call begins any more; what stands goes on, or is ended
//	end                 lets every timer run out, then tells how each call ended
//	                    and what is left of it: it must be nothing
//
// A party is docomo, au, softbank (where a configuration has its trunk), pstn, pstn2, pstn3 (where a configuration sends calls
// there), phone1001, phone1002, pbx or pbx2 (in the core's place
// where the configuration says external), or intruder, who is behind no trunk. WHO is the id of a placed call (c1, or id=NAME), or a party: the call
// it received last. Commands that need a call wait for it.
//
// # Twice, in bad weather, and with more than one shard
//
// Every file is played twice and must send the same bytes. One that says
// "waits are drawn" has messages whose time another shard's random numbers would
// move, or that several shards send at once; their order is then not compared. One
// that says
// "lossy ok" is played again over links that lose, repeat and overtake; there
// only what end says is compared. And every file is played in storms, in which
// any command may fail: whatever became of the calls, nothing may be left. What
// is recorded is a border of one shard; seven must come to the same. Where
// SEKISHO_REQUIRE is set there are more seeds of each, and two shards as well.
package scenario
