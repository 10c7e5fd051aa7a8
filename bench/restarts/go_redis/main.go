// go-redis: `go_redis HOST PORT RESP`. See count.ts for what is counted.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const workers = 20
const textsMax = 3

type counts struct {
	Commands int64    `json:"commands"`
	Errors   int64    `json:"errors"`
	Wrong    int64    `json:"wrong"`
	Texts    []string `json:"texts"`
}

func main() {
	resp, _ := strconv.Atoi(os.Args[3])
	client := redis.NewClient(&redis.Options{
		Addr:     net.JoinHostPort(os.Args[1], os.Args[2]),
		Protocol: resp,
		PoolSize: workers,
	})
	var isOver atomic.Bool
	var mutex sync.Mutex
	total := counts{Texts: []string{}}
	var group sync.WaitGroup
	for worker := 0; worker < workers; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			context := context.Background()
			key := fmt.Sprintf("restarts:%d:%d", os.Getpid(), worker)
			own := counts{}
			use := func(number int) error {
				if err := client.Set(context, key, number, 0).Err(); err != nil {
					return err
				}
				own.Commands++
				value, err := client.Get(context, key).Int()
				if err != nil {
					return err
				}
				own.Commands++
				if value != number {
					own.Wrong++
				}
				return nil
			}
			for number := 0; !isOver.Load(); number++ {
				err := use(number)
				if err == nil {
					continue
				}
				own.Errors++
				mutex.Lock()
				if len(total.Texts) < textsMax {
					total.Texts = append(total.Texts, err.Error())
				}
				mutex.Unlock()
				time.Sleep(time.Millisecond)
			}
			mutex.Lock()
			total.Commands += own.Commands
			total.Errors += own.Errors
			total.Wrong += own.Wrong
			mutex.Unlock()
		}()
	}
	io.Copy(io.Discard, os.Stdin)
	isOver.Store(true)
	group.Wait()
	line, _ := json.Marshal(total)
	fmt.Println(string(line))
}
