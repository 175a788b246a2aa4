// Makes a folder, then asks where it is: mkdir.c in Go.
//
//	mkdir-go [FOLDER]
package main

import (
	"fmt"
	"os"
	"syscall"
)

import "C" // cgo links it dynamically, and only such a program reads LD_PRELOAD

func main() {
	folder := "/tmp/info"
	if len(os.Args) > 1 {
		folder = os.Args[1]
	}
	status := 0

	if err := syscall.Mkdir(folder, 0755); err != nil {
		fmt.Fprintln(os.Stderr, "mkdir:", err)
		status = 1
	} else {
		fmt.Println("created", folder)
	}

	// Not os.Getwd, which believes $PWD and may never ask the kernel.
	var here [4096]byte
	if length, err := syscall.Getcwd(here[:]); err != nil {
		fmt.Fprintln(os.Stderr, "getcwd:", err)
		status = 1
	} else {
		fmt.Println("working in", string(here[:length-1]))
	}
	os.Exit(status)
}
