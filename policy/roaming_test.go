package policy

import "testing"

// R9: "If P-Access-Network-Info/P-Visited-Network-ID shows non-440/441 → 403".
// Japan's mobile country codes are 440 and 441 (ITU-T E.212).
func TestRoaming(t *testing.T) {
	tab := tables(t)
	const lte, home = "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=", `"ims.mnc010.mcc440.3gppnetwork.org"`
	rows := []struct {
		access, visited string
		want            Reason
	}{
		// TS 24.229 §7.2A.4: the parameters by access type.
		{lte + "4401012345678", "", NoReason},
		{lte + "4411012345678", "", NoReason},
		{lte + `"4411012345678"`, "", NoReason},
		{lte + "310260123", "", Roaming},
		{lte + "442101234", "", Roaming},
		{"3GPP-NR-FDD;utran-cell-id-3gpp=45005abcdef0", "", Roaming},
		{"3GPP-GERAN;cgi-3gpp=20801ffff", "", Roaming},
		{"3GPP-UTRAN-FDD;utran-sai-3gpp=23415fffe", "", Roaming},
		{"3GPP-GERAN;cgi-3gpp=44010ffff", "", NoReason},
		// Names compare without case (RFC 3261 §7.3.1), blanks may stand around
		// "=" (EQUAL = SWS "=" SWS, §25.1).
		{"3gpp-nr-fdd; UTRAN-CELL-ID-3GPP=\"310260123\"", "", Roaming},
		{"3GPP-E-UTRAN-TDD ; utran-cell-id-3gpp = 310260123", "", Roaming},
		{"3GPP-E-UTRAN-TDD;\tutran-cell-id-3gpp\t=\t\"310260123\"", "", Roaming},
		// RFC 7315 §5.4: "access-net-spec *(COMMA access-net-spec)": one abroad is
		// abroad, wherever it stands.
		{lte + "44010123;network-provided, 3GPP-GERAN;cgi-3gpp=31026", "", Roaming},
		{"3GPP-GERAN;cgi-3gpp=31026," + lte + "44010123", "", Roaming},
		{lte + "44010123, " + lte + "44110123", "", NoReason},
		{"3GPP-GERAN;daylight-saving-time=\"01\";cgi-3gpp=31026", "", Roaming},
		// What says nothing of a country.
		{"IEEE-802.11; i-wlan-node-id=ffa9310260", "", NoReason},
		{"3GPP2-1X; ci-3gpp2=310260", "", NoReason},
		{"ADSL;dsl-location=\"x;cgi-3gpp=31026\"", "", NoReason},
		{"3GPP-GERAN", "", NoReason},
		{"x-3gpp=", "mcc4", NoReason},
		{lte + "ffffff", "", NoReason},
		{lte + `"44`, "", NoReason},
		// RFC 7315 §5.3: "vnetwork-spec = (token / quoted-string)"; the domain is
		// TS 23.003 §13.2's.
		{"", home, NoReason},
		{"", "ims.mnc010.mcc440.3gppnetwork.org", NoReason},
		{"", `"ims.mnc010.mcc310.3gppnetwork.org"`, Roaming},
		{"", `"IMS.MNC010.MCC310.3GPPNETWORK.ORG"`, Roaming},
		{"", `ims.mnc010.mcc450.3gppnetwork.org;x=y`, Roaming},
		{"", home + `, "ims.mnc001.mcc208.3gppnetwork.org"`, Roaming},
		{"", "mcc310", Roaming},
		{"", "44010", NoReason},
		{"", "440-10", NoReason},
		{"", "31026", Roaming},
		{"", `"310-410"`, Roaming},
		{"", "310/26", Roaming},
		{"", `"Visited network number 1"`, NoReason},
		{"", "tmcc310.example", NoReason},
		{"", "3104101", NoReason},
		{"", "440", NoReason},
		// Either header is enough.
		{lte + "44010123", `"ims.mnc010.mcc310.3gppnetwork.org"`, Roaming},
		{lte + "31026", home, Roaming},
	}
	for _, r := range rows {
		q := Request{Trunk: docomo, Called: user("82002"), PAI: []Identity{identity(m2001)}, AccessNetwork: r.access, VisitedNetwork: r.visited}
		d := tab.Decide(q)
		if d.Reason != r.want || r.want == Roaming && d.Reason.Refusal().Status != 403 {
			t.Errorf("%q %q: %s, want %s", r.access, r.visited, d.Reason, r.want)
		}
		// Who calls one of our numbers from the public network may be anywhere.
		q.Trunk, q.Called = pstn, user("0300000121")
		if d := tab.Decide(q); d.Outcome != Route {
			t.Errorf("from outside, %q %q: %s", r.access, r.visited, d.Reason)
		}
		// R60 is asked first: nobody abroad is left without the announcement.
		q.Trunk, q.Called = docomo, user("8119")
		if d := tab.Decide(q); d.Reason != Emergency {
			t.Errorf("119, %q %q: %s", r.access, r.visited, d.Reason)
		}
	}
}
