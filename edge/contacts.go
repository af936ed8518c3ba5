package main

import (
	"flag"
	"fmt"
	"io"
	"slices"

	"sekisho/edge/config"
	"sekisho/edge/provision"
)

// contactsCommand writes a tenant's phone book, each number both as a mobile
// dials it and as it is written elsewhere.
func contactsCommand(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("contacts", flag.ContinueOnError)
	tenant := f.String("tenant", "", "the `tenant`; default: the only one")
	form := f.String("format", "vcard", "vcard | csv")
	if status, done := parse(f, "contacts [-tenant NAME] [-format vcard|csv] FILE", args, stderr); done {
		return status
	}
	if f.NArg() != 1 || *form != "vcard" && *form != "csv" {
		f.Usage()
		return 2
	}
	c, err := config.Load(f.Arg(0))
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	i := slices.IndexFunc(c.Tenants, func(t config.Tenant) bool {
		return t.Name == *tenant || *tenant == "" && len(c.Tenants) == 1
	})
	if i < 0 {
		fmt.Fprintf(stderr, "sekisho: no tenant %q; -tenant takes one of %s\n", *tenant, tenantNames(c))
		return 1
	}
	t := &c.Tenants[i]
	if *form == "csv" {
		return status(provision.WriteCSV(stdout, provision.Contacts(t)))
	}
	return status(provision.WriteVCard(stdout, t.Name, provision.Contacts(t)))
}

// tenantNames lists the tenants of a configuration.
func tenantNames(c *config.Config) []string {
	names := make([]string, 0, len(c.Tenants))
	for _, t := range c.Tenants {
		names = append(names, t.Name)
	}
	return names
}
