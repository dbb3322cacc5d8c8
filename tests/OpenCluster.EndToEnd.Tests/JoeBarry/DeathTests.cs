using System.Collections.Immutable;

namespace OpenCluster.EndToEnd.Tests.JoeBarry;

/// <summary>What apps have registered outlives every load-balancer, also while no controller is there to say what is to be done.</summary>
[Collection<JoeBarryCollection>]
public sealed class DeathTests(JoeBarryCluster cluster)
{
    private const string Url = "http://joebarry.com:8080/api/search";

    [Fact]
    public async Task Any_load_balancer_dies_while_the_controller_is_away_and_no_registration_is_lost()
    {
        var outside = await cluster.FrontsAsync("outside");
        var inside = await cluster.FrontsAsync("inside");
        var controller = (await cluster.InstancesAsync()).Single(i => i.Service == "controller");
        var agent = cluster.AgentOf(controller.Server);
        // Its agent would start it again at once.
        await JoeBarryCluster.SignalAsync("-STOP", agent);
        try
        {
            await JoeBarryCluster.SignalAsync("-KILL", controller.Pid);
            // The one beside the stopped agent stays away, so it goes last.
            foreach (var dead in outside.Concat(inside.OrderBy(f => f.Server == controller.Server)))
            {
                ImmutableArray<Front> others = [.. outside.Where(f => f != dead)];
                var isBack = dead.Server == controller.Server ? (Func<Task<bool>>)(() => RenewedAsync(others[0])) : () => IsWholeAsync(dead);
                var asking = AskUntilAsync(others, isBack);
                await JoeBarryCluster.SignalAsync("-KILL", dead.Pid);
                Assert.Empty(await asking);
                foreach (var front in outside) Assert.Equal(3, await cluster.KnownAsync(front));
            }
        }
        finally
        {
            await JoeBarryCluster.SignalAsync("-CONT", agent);
        }
        await cluster.UntilWholeAsync();
    }

    /// <summary>A load-balancer answers again and knows all who registered.</summary>
    private async Task<bool> IsWholeAsync(Front front)
    {
        try
        {
            return await cluster.KnownAsync(front) == 3 && (front.Name == "inside" || (await cluster.Client.GetAsync(front, Url)).Status == 200);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>All leases were renewed within the last third of their life: apps have found another load-balancer to tell.</summary>
    private async Task<bool> RenewedAsync(Front front) => (await cluster.LeftAsync(front)) is { Length: 3 } left && left.All(seconds => seconds > 4);

    /// <summary>Asks again and again, a connection each, until something holds, and tells what was not answered well.</summary>
    private async Task<List<string>> AskUntilAsync(IReadOnlyList<Front> fronts, Func<Task<bool>> holds)
    {
        var failures = new List<string>();
        var asked = 0;
        for (var isOver = false; !isOver || asked < 20; asked++)
        {
            var front = fronts[asked % fronts.Count];
            var seen = await cluster.Client.GetAsync(front, Url);
            if (seen.Status != 200) failures.Add($"request {asked} at {front.Instance}: {seen.Status} {seen.Body}");
            isOver = isOver || (asked > 0 && await holds());
        }
        return failures;
    }
}
