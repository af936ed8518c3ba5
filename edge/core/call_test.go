package core

import (
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/leg"
)

var hangUp = leg.HangUp{Cause: cause.Cause{Q850: cause.NormalClearing}}
