using OpenCluster.LoadBalancer.Tests.Support;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Http2;

/// <summary>gRPC's own library on both sides: calls of every kind come through, and their clients understand what fails.</summary>
public sealed class GrpcTests
{
    private const string Python = "/usr/bin/python3";

    private const string Server = """
        import sys, threading, grpc
        from concurrent import futures

        def unary(request, context):
            context.send_initial_metadata((('x-lead', 'first'),))
            context.set_trailing_metadata((('x-trail', 'last'), ('x-bin', b'\x00\x01\xff')))
            return request

        def fails(request, context):
            context.abort(grpc.StatusCode.NOT_FOUND, 'no such thing: 100 % gone')

        def hangs(request, context):
            context.add_callback(lambda: print('call ended', flush=True))
            threading.Event().wait(30)

        def counts(request, context):
            for i in range(int(request)):
                yield str(i).encode()

        def joins(requests, context):
            return b'+'.join(requests)

        def talks(requests, context):
            for request in requests:
                yield b'you said ' + request

        class Service(grpc.GenericRpcHandler):
            def service(self, call):
                return {
                    '/t.T/Unary': grpc.unary_unary_rpc_method_handler(unary),
                    '/t.T/Fails': grpc.unary_unary_rpc_method_handler(fails),
                    '/t.T/Hangs': grpc.unary_unary_rpc_method_handler(hangs),
                    '/t.T/Counts': grpc.unary_stream_rpc_method_handler(counts),
                    '/t.T/Joins': grpc.stream_unary_rpc_method_handler(joins),
                    '/t.T/Talks': grpc.stream_stream_rpc_method_handler(talks),
                    # A HealthCheckResponse that says SERVING.
                    '/grpc.health.v1.Health/Check': grpc.unary_unary_rpc_method_handler(lambda request, context: b'\x08\x01'),
                }.get(call.method)

        server = grpc.server(futures.ThreadPoolExecutor(8), handlers=(Service(),), options=(('grpc.max_receive_message_length', 1 << 25),))
        print('port', server.add_insecure_port('127.0.0.1:0'), flush=True)
        server.start()
        sys.stdin.read()
        server.stop(None)
        """;

    private const string Client = """
        import queue, sys, grpc
        channel = grpc.insecure_channel('127.0.0.1:' + sys.argv[1], options=(('grpc.max_receive_message_length', 1 << 25), ('grpc.enable_retries', 0)))

        def attempt(name, act):
            try:
                print(name, act(), flush=True)
            except grpc.RpcError as failed:
                print(name, failed.code().name, failed.details(), flush=True)

        def unary():
            answer, call = channel.unary_unary('/t.T/Unary').with_call(b'hello', metadata=(('x-mine', 'a'),))
            trailers = dict(call.trailing_metadata())
            return answer.decode(), dict(call.initial_metadata())['x-lead'], trailers['x-trail'], trailers['x-bin'].hex()

        def talks():
            said = queue.Queue()
            answers = channel.stream_stream('/t.T/Talks')(iter(said.get, None))
            heard = []
            # One at a time: the next is said when the last was answered.
            for word in (b'one', b'two', b'three'):
                said.put(word)
                heard.append(next(answers).decode())
            said.put(None)
            return heard, list(answers), answers.code().name

        calls = {
            'unary': unary,
            'large': lambda: len(channel.unary_unary('/t.T/Unary')(b'x' * 5_000_000)),
            'counts': lambda: sum(1 for _ in channel.unary_stream('/t.T/Counts')(b'5000')),
            'joins': lambda: channel.stream_unary('/t.T/Joins')(iter([b'a', b'b', b'c'])).decode(),
            'talks': talks,
            'health': lambda: channel.unary_unary('/grpc.health.v1.Health/Check')(b'').hex(),
            'fails': lambda: channel.unary_unary('/t.T/Fails')(b''),
            'unknown': lambda: channel.unary_unary('/t.T/Unknown')(b''),
            'hangs': lambda: channel.unary_unary('/t.T/Hangs')(b'', timeout=0.5),
        }
        for name in sys.argv[2:]:
            attempt(name, calls[name])
        """;

    [Fact]
    public async Task Calls_of_every_kind_come_through_with_their_metadata_and_status()
    {
        NeedGrpc();
        using var server = Tool.Start(Python, "-c", Server);
        await using var balancer = await TestBalancer.Http2Async(null, await PortAsync(server));
        var output = await Tool.RunAsync(Python, "-c", Client, balancer.Port.ToString(), "unary", "large", "counts", "joins", "talks", "health", "fails", "unknown", "hangs");
        Assert.Contains("unary ('hello', 'first', 'last', '0001ff')", output);
        Assert.Contains("large 5000000", output);
        Assert.Contains("counts 5000", output);
        Assert.Contains("joins a+b+c", output);
        Assert.Contains("talks (['you said one', 'you said two', 'you said three'], [], 'OK')", output);
        Assert.Contains("health 0801", output);
        Assert.Contains("fails NOT_FOUND no such thing: 100 % gone", output);
        Assert.Contains("unknown UNIMPLEMENTED", output);
        Assert.Contains("hangs DEADLINE_EXCEEDED", output);
        // Who gives a call up has it given up at the server.
        await server.UntilAsync("call ended");
    }

    [Fact]
    public async Task Call_that_nobody_can_serve_fails_with_a_status_of_gRPC()
    {
        NeedGrpc();
        await using var none = await TestBalancer.Http2Async(new RouteRules { WaitFor = TimeSpan.Zero }, TestBalancer.FreePort());
        Assert.Contains("unary UNAVAILABLE Please try again in a moment.", await Tool.RunAsync(Python, "-c", Client, none.Port.ToString(), "unary"));
        await using var nowhere = await TestBalancer.ServeAsync();
        Assert.Contains("unary UNIMPLEMENTED No route for this host and path.", await Tool.RunAsync(Python, "-c", Client, nowhere.Port.ToString(), "unary"));
    }

    [Fact]
    public async Task Calls_go_on_at_another_server_when_one_is_killed()
    {
        NeedGrpc();
        using var first = Tool.Start(Python, "-c", Server);
        using var second = Tool.Start(Python, "-c", Server);
        await using var balancer = await TestBalancer.Http2Async(null, await PortAsync(first), await PortAsync(second));
        var words = Enumerable.Repeat("joins", 20).ToArray();
        Assert.Equal(20, Count(await Tool.RunAsync(Python, ["-c", Client, balancer.Port.ToString(), .. words])));
        first.Dispose();
        await Until.TrueAsync(() => balancer.Report("t0").State == TargetState.Down, "found dead");
        Assert.Equal(20, Count(await Tool.RunAsync(Python, ["-c", Client, balancer.Port.ToString(), .. words])));

        static int Count(string output) => output.Split('\n').Count(line => line == "joins a+b+c");
    }

    private static async Task<int> PortAsync(Tool server)
    {
        await server.UntilAsync("port ");
        return int.Parse(server.Output.Split('\n')[0].Split(' ')[1]);
    }

    private static void NeedGrpc()
    {
        if (!File.Exists("/usr/lib/python3/dist-packages/grpc/__init__.py")) Assert.Skip("needs python3-grpcio");
    }
}
