package header

// AccessNetwork is one value of P-Access-Network-Info (RFC 7315 §5.4).
type AccessNetwork struct {
	Type   string // 3GPP-E-UTRAN-FDD, IEEE-802.11…, as written
	Params Params // utran-cell-id-3gpp, network-provided…
}

// ParseAccessNetwork reads access-net-spec.
func ParseAccessNetwork(v string) (AccessNetwork, error) {
	kind, params, ok := cutParams(v)
	if !ok || !allToken(kind) {
		return AccessNetwork{}, syntax("P-Access-Network-Info")
	}
	return AccessNetwork{Type: kind, Params: params}, nil
}

// String writes the value.
func (a AccessNetwork) String() string { return a.Type + a.Params.String() }
