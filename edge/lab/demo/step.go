package demo

import "time"

// line is one of the sides that the demo plays.
type line uint8

// The lines, in the order of the ladder's outer columns.
const (
	docomo line = iota
	au
	softbank
	pstn
	phone1001
	phone1002
	lines
)

// String returns the line's name, as in the ladder.
func (l line) String() string {
	return [...]string{"docomo", "au", "softbank", "pstn", "1001", "1002"}[l]
}

// heading is the line's name in a sentence.
func (l line) heading() string {
	return [...]string{"docomo", "au", "softbank", "the PSTN", "phone 1001", "phone 1002"}[l]
}

// party is one end of a call.
type party struct {
	line   line
	number string
	// voice is what it says, as audio.Voice knows it: each party its own.
	voice uint64
}

// step is one call of the demo and what is to come of it: talk, feature or
// refusal.
type step struct {
	name, title string
	rules       string // of the functional specification
	caller      party
	dials       string
	decisions   []question
	talk        *talk
	feature     *feature
	refusal     *refusal
}

// talk is a call that is answered.
type talk struct {
	// callee's number is the Request-URI's user there.
	callee party
	shown  shown
	// keys are pressed by the caller once both have heard each other.
	keys []keying
	// hidden are numbers that must stand nowhere in what the callee's side gets.
	hidden []string
}

// keying is a few keys, and which of them the callee hears.
type keying struct {
	press, heard string
	apart        time.Duration // from the end of one to the next
}

// shown is who the callee's side is told calls.
type shown struct {
	from     string // user of From
	display  string
	asserted string // user of the one P-Asserted-Identity, "" for none
	privacy  string
}

// refusal is a call that is not let through.
type refusal struct {
	status int
	reason string // as siptest.ReasonOf tells it
	clip   string // key of the announcement
	times  int    // how often it is heard
	// within is how soon after the INVITE it must be heard; 0 does not ask.
	within time.Duration
	// spared are spellings of the number that nobody may be asked for.
	spared []string
}

// steps are in the order of the text. The longest stands last; it is started
// first.
func steps() []step {
	return []step{
		{
			name: "extension", title: "A docomo mobile dials 8 and the extension of a colleague at au", rules: "R1 R10 R8 R20",
			caller: party{docomo, "09000002001", 11}, dials: "82002",
			decisions: []question{{"docomo", "09000002001", "82002", ""}, {"core", "2001", "09000002002", ""}},
			talk:      &talk{callee: party{au, "09000002002", 12}, shown: shown{from: "82001", asserted: "82001"}},
		},
		{
			name: "desk-phone", title: "A docomo mobile reaches a desk phone in the 1000s", rules: "R1 R5 R52",
			caller: party{docomo, "09000002008", 21}, dials: "81002",
			decisions: []question{{"docomo", "09000002008", "81002", ""}},
			talk:      &talk{callee: party{phone1002, "1002", 22}, shown: shown{from: "2008", asserted: "2008"}},
		},
		{
			name: "ext1000", title: "An au mobile may not call the 1000s: announcement and 403", rules: "R51",
			caller: party{au, "09000002004", 31}, dials: "81001",
			decisions: []question{{"au", "09000002004", "81001", ""}},
			refusal: &refusal{
				status: 403, reason: `q850=21 "extension not reachable from au"`, clip: "ext1000", times: 1,
				spared: []string{"1001", "81001"},
			},
		},
		{
			name: "au-mask", title: "Phone 1001 calls an au mobile, which is shown 99999999", rules: "R27 R29",
			caller: party{phone1001, "1001", 41}, dials: "2005",
			decisions: []question{{"core", "1001", "09000002005", ""}},
			talk: &talk{
				callee: party{au, "09000002005", 42}, shown: shown{from: "99999999", asserted: "99999999"},
				hidden: []string{"1001", "81001"},
			},
		},
		{
			name: "long-au", title: "A caller of 12 digits dials the number of an au mobile", rules: "R28 R29",
			caller: party{pstn, "030000010012", 51}, dials: "0300000122",
			decisions: []question{{"pstn", "030000010012", "0300000122", ""}, {"core", "030000010012", "09000002006", ""}},
			talk: &talk{
				callee: party{au, "09000002006", 52}, shown: shown{from: "99999999", asserted: "99999999"},
				hidden: []string{"030000010012", "8030000010012", "+8130000010012"},
			},
		},
		{
			name: "long-docomo", title: "The same caller dials the number of a docomo mobile", rules: "R20 R52",
			caller: party{pstn, "030000010012", 61}, dials: "0300000123",
			decisions: []question{{"pstn", "030000010012", "0300000123", ""}, {"core", "030000010012", "09000002007", ""}},
			talk:      &talk{callee: party{docomo, "09000002007", 62}, shown: shown{from: "8030000010012", asserted: "8030000010012"}},
		},
		{
			name: "outbound", title: "A docomo mobile calls out and shows the company's number", rules: "R3 R11",
			caller: party{docomo, "09000002009", 71}, dials: "80300009001",
			decisions: []question{{"docomo", "09000002009", "80300009001", ""}, {"core", "0300000100", "0300009001", ""}},
			talk: &talk{
				callee: party{pstn, "+81300009001", 72}, shown: shown{from: "+81300000100", asserted: "+81300000100"},
				hidden: []string{"2009", "09000002009", "+819000002009"},
			},
		},
		{
			name: "inbound", title: "An outside caller dials a mobile's company number", rules: "R20",
			caller: party{pstn, "0300009002", 81}, dials: "0300000121",
			decisions: []question{{"pstn", "0300009002", "0300000121", ""}, {"core", "0300009002", "09000002003", ""}},
			talk:      &talk{callee: party{docomo, "09000002003", 82}, shown: shown{from: "80300009002", asserted: "80300009002"}},
		},
		{
			name: "withheld", title: "An au mobile withholds its number with 184", rules: "R4 R25",
			caller: party{au, "09000002010", 91}, dials: "81840300009003",
			decisions: []question{{"au", "09000002010", "81840300009003", ""}, {"core", "0300000100", "0300009003", "id"}},
			talk: &talk{
				callee: party{pstn, "+81300009003", 92},
				shown:  shown{from: "anonymous", display: "Anonymous", asserted: "+81300000100", privacy: "id"},
				hidden: []string{"2010", "09000002010", "+819000002010"},
			},
		},
		{
			name: "hold", title: "A docomo mobile holds a call by *0 and takes it again by *", rules: "R55",
			caller: party{pstn, "0300009011", 111}, dials: "0300000131",
			feature: &feature{callee: party{docomo, "09000002012", 112}, play: playHold},
		},
		{
			name: "attended", title: "A docomo mobile speaks with a colleague at au, then hangs up: the two are joined", rules: "R41 R44 R47",
			caller: party{pstn, "0300009012", 121}, dials: "0300000132",
			feature: &feature{callee: party{docomo, "09000002013", 122}, third: party{au, "09000002014", 123}, play: playAttended},
		},
		{
			name: "blind", title: "An au mobile passes a call on without a word: the caller is shown", rules: "R48",
			caller: party{pstn, "0300009013", 131}, dials: "0300000133",
			feature: &feature{callee: party{au, "09000002015", 132}, third: party{docomo, "09000002016", 133}, play: playBlind},
		},
		{
			name: "park", title: "A docomo mobile parks a call by #700, an au mobile retrieves it by 8701", rules: "R62 R65",
			caller: party{pstn, "0300009014", 141}, dials: "0300000134",
			feature: &feature{callee: party{docomo, "09000002017", 142}, third: party{au, "09000002018", 143}, calls: "8701", play: playPark},
		},
		{
			name: "pickup", title: "What rings at docomo is picked up at au", rules: "R67",
			caller: party{pstn, "0300009015", 151}, dials: "0300000135",
			feature: &feature{callee: party{docomo, "09000002019", 152}, rings: true, third: party{au, "09000002020", 153}, calls: "892019", play: playPickup},
		},
		{
			name: "group", title: "A group of ten with five channels: five ring, one answers", rules: "R70 R12 R72",
			caller: party{pstn, "0300009016", 181}, dials: "0300000139",
			feature: &feature{callee: members()[groupWinner], rings: true, others: members(), play: playGroup},
		},
		{
			name: "softbank-keys", title: "A SoftBank mobile presses *, which its carrier has a use for in pairs", rules: "R53",
			caller: party{softbank, "09000002031", 161}, dials: "80300009004",
			decisions: []question{{"softbank", "09000002031", "80300009004", ""}, {"core", "0300000100", "0300009004", ""}},
			talk: &talk{
				callee: party{pstn, "+81300009004", 162}, shown: shown{from: "+81300000100", asserted: "+81300000100"},
				keys: []keying{{"**", "", 300 * time.Millisecond}, {"*0", "*0", 300 * time.Millisecond}, {"**", "**", 900 * time.Millisecond}},
			},
		},
		{
			name: "docomo-keys", title: "A docomo mobile presses the same", rules: "R53",
			caller: party{docomo, "09000002032", 171}, dials: "80300009005",
			decisions: []question{{"docomo", "09000002032", "80300009005", ""}, {"core", "0300000100", "0300009005", ""}},
			talk: &talk{
				callee: party{pstn, "+81300009005", 172}, shown: shown{from: "+81300000100", asserted: "+81300000100"},
				keys: []keying{{"**", "**", 300 * time.Millisecond}},
			},
		},
		{
			name: "emergency", title: "8119 is refused and told to be dialled without the 8", rules: "R60 R61b",
			caller: party{docomo, "09000002011", 101}, dials: "8119",
			decisions: []question{{"docomo", "09000002011", "8119", ""}},
			refusal: &refusal{
				status: 403, reason: `q850=21 "emergency: redial without 8"`, clip: "emergency", times: 2, within: 300 * time.Millisecond,
				spared: []string{"119", "8119", "+81119"},
			},
		},
	}
}
