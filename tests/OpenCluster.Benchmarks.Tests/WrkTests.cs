using OpenCluster.Benchmarks.LoadBalancing;
using OpenCluster.Benchmarks.Machine;

namespace OpenCluster.Benchmarks.Tests;

public class WrkTests
{
    private const string Good = """
        Running 4s test @ http://127.0.0.1:8001/
          1 threads and 64 connections
          Thread Stats   Avg      Stdev     Max   +/- Stdev
            Latency   612.43us  139.31us   4.47ms   91.42%
            Req/Sec   104.21k     3.98k  109.77k    85.00%
          Latency Distribution
             50%  599.00us
             75%  640.00us
             90%  702.00us
             99%    1.06ms
          414802 requests in 4.00s, 87.43MB read
        Requests/sec: 103656.02
        Transfer/sec:     21.85MB
        """;

    [Fact]
    public void What_wrk_prints_is_read() => Assert.Equal(new Wrk.Result(414802, 103656.02, 1.06), Wrk.Read(Good, closing: false));

    [Fact]
    public void Answers_that_were_not_good_make_no_figure() =>
        Assert.Throws<BenchException>(() => Wrk.Read(Good + "\n  Non-2xx or 3xx responses: 12", closing: true));

    [Fact]
    public void A_lost_connection_makes_no_figure_unless_connections_are_to_be_closed()
    {
        const string Lost = "\n  Socket errors: connect 0, read 7, write 0, timeout 0";

        Assert.Throws<BenchException>(() => Wrk.Read(Good + Lost, closing: false));
        Assert.Equal(414802, Wrk.Read(Good + Lost, closing: true).Requests);
    }
}
