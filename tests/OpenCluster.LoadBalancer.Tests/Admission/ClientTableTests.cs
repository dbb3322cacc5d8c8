using OpenCluster.Decisions.Admission;
using OpenCluster.LoadBalancer.Admission;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Tests.Admission;

public sealed class ClientTableTests
{
    private static readonly Rate One = Rate.Of(new LoadLimit { Rate = 1, Burst = 1 }, 1000);

    [Fact]
    public void A_flood_of_new_clients_does_not_let_one_go_that_is_being_limited_or_is_under_way()
    {
        var table = new ClientTable();
        Assert.Equal(Refusal.None, table.TryEnter(8192 * 5, One, 0, now: 1_000_000));
        Assert.Equal(Refusal.None, table.TryEnter(8192 * 7, default, 1, now: 1));
        for (ulong i = 100; i < 200; i++) table.TryEnter(8192 * i, One, 0, now: 1000 + (long)i);
        Assert.Equal(Refusal.ClientRate, table.TryEnter(8192 * 5, One, 0, now: 1_000_100));
        Assert.Equal(Refusal.ClientAtOnce, table.TryEnter(8192 * 7, default, 1, now: 1_000_100));
    }

    [Fact]
    public void Clients_that_leave_may_come_again_and_nobody_is_counted_below_none()
    {
        var table = new ClientTable();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(Refusal.None, table.TryEnter(77, default, 1, 0));
            Assert.Equal(Refusal.ClientAtOnce, table.TryEnter(77, default, 1, 0));
            table.Leave(77);
            table.Leave(77);
        }
    }

    [Fact]
    public void Whatever_the_number_of_clients_at_most_one_request_each_passes_in_a_second()
    {
        var table = new ClientTable();
        Parallel.For(1, 4, _ =>
        {
            for (ulong key = 1; key <= 20_000; key++) table.TryEnter(key, One, 0, 5000);
        });
        for (ulong key = 1; key <= 20_000; key++) Assert.Equal(Refusal.ClientRate, table.TryEnter(key, One, 0, 5000));
    }
}
