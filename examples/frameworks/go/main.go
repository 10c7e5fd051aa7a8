package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func goRedis(address string) {
	ctx := context.Background()
	client := redis.NewClient(&redis.Options{Addr: address})
	defer client.Close()
	check(client.MSet(ctx, "{go}a", 1, "{go}b", 2).Err())
	values, err := client.MGet(ctx, "{go}a", "{go}b").Result()
	check(err)
	if fmt.Sprint(values) != "[1 2]" {
		panic(fmt.Sprint(values))
	}
	_, err = client.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Incr(ctx, "{go}a")
		pipe.Incr(ctx, "{go}b")
		return nil
	})
	check(err)
	sub := client.Subscribe(ctx, "go:channel")
	_, err = sub.Receive(ctx)
	check(err)
	check(client.Publish(ctx, "go:channel", "hello").Err())
	message, err := sub.ReceiveMessage(ctx)
	check(err)
	if message.Payload != "hello" {
		panic(message.Payload)
	}
	check(sub.Close())
	go func() { time.Sleep(100 * time.Millisecond); client.RPush(ctx, "go:list", "x") }()
	popped, err := client.BLPop(ctx, 5*time.Second, "go:list").Result()
	check(err)
	if popped[1] != "x" {
		panic(fmt.Sprint(popped))
	}
	script := redis.NewScript(`return redis.call("INCRBY", KEYS[1], ARGV[1])`)
	check(script.Run(ctx, client, []string{"go:script"}, 5).Err())
}

func goRedisCluster(address string) {
	ctx := context.Background()
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{address}})
	defer client.Close()
	check(client.Set(ctx, "cluster:a", 1, 0).Err())
	check(client.Set(ctx, "cluster:b", 2, 0).Err())
	sum, err := client.IncrBy(ctx, "cluster:b", 5).Result()
	check(err)
	if sum != 7 {
		panic(sum)
	}
}

func runAsynq(address string) {
	options := asynq.RedisClientOpt{Addr: address}
	client := asynq.NewClient(options)
	defer client.Close()
	done := make(chan int, 3)
	queue := fmt.Sprintf("q%d", os.Getpid())
	server := asynq.NewServer(options, asynq.Config{Concurrency: 2, Queues: map[string]int{queue: 1}, LogLevel: asynq.FatalLevel})
	mux := asynq.NewServeMux()
	mux.HandleFunc("double", func(_ context.Context, task *asynq.Task) error {
		var value int
		if err := json.Unmarshal(task.Payload(), &value); err != nil {
			return err
		}
		done <- value * 2
		return nil
	})
	check(server.Start(mux))
	defer server.Shutdown()
	for value := 1; value <= 3; value++ {
		payload, _ := json.Marshal(value)
		_, err := client.Enqueue(asynq.NewTask("double", payload), asynq.Queue(queue))
		check(err)
	}
	sum := 0
	for range 3 {
		select {
		case value := <-done:
			sum += value
		case <-time.After(15 * time.Second):
			panic("not done in time")
		}
	}
	if sum != 12 {
		panic(sum)
	}
}

func runRueidis(address string) {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{address}, DisableCache: true, ForceSingleClient: true})
	check(err)
	defer client.Close()
	ctx := context.Background()
	check(client.Do(ctx, client.B().Set().Key("rueidis").Value("1").Build()).Error())
	value, err := client.Do(ctx, client.B().Get().Key("rueidis").Build()).ToString()
	check(err)
	if value != "1" {
		panic(value)
	}
	for _, reply := range client.DoMulti(ctx, client.B().Incr().Key("rueidis").Build(), client.B().Get().Key("rueidis").Build()) {
		check(reply.Error())
	}
}

func main() {
	address := os.Getenv("HOST") + ":" + os.Getenv("PORT")
	failed := false
	programs := map[string]func(string){"go-redis": goRedis, "asynq": runAsynq, "rueidis": runRueidis}
	if os.Getenv("CLUSTER") != "" {
		programs["go-redis in cluster mode"] = goRedisCluster
	}
	for name, program := range programs {
		func() {
			defer func() {
				if reason := recover(); reason != nil {
					failed = true
					fmt.Printf("FAILED  %s: %v\n", name, reason)
				}
			}()
			program(address)
			fmt.Printf("ok      %s\n", name)
		}()
	}
	if failed {
		os.Exit(1)
	}
}
