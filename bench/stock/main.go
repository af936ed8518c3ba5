// Command stock is a B2BUA on stock sipgo, for comparison.
package main

import (
	"fmt"
	"os"

	"github.com/emiago/sipgo"
)

func main() {
	if _, err := sipgo.NewUA(); err != nil {
		fmt.Fprintln(os.Stderr, "stock:", err)
		os.Exit(1)
	}
}
