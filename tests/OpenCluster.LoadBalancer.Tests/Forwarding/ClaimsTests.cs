using OpenCluster.LoadBalancer.Tests.Support;

namespace OpenCluster.LoadBalancer.Tests.Forwarding;

public sealed class ClaimsTests
{
    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("X-Forwarded-Port")]
    [InlineData("X-Forwarded-Server")]
    [InlineData("X-Forwarded-Prefix")]
    [InlineData("X-Forwarded-Ssl")]
    [InlineData("X-FORWARDED")]
    [InlineData("Forwarded")]
    [InlineData("X-Real-IP")]
    [InlineData("x-real-ip")]
    [InlineData("X-Client-IP")]
    [InlineData("X-Cluster-Client-Ip")]
    [InlineData("X-Remote-Addr")]
    [InlineData("True-Client-IP")]
    [InlineData("CF-Connecting-IP")]
    [InlineData("Fastly-Client-IP")]
    [InlineData("Client-IP")]
    [InlineData("X-Original-URL")]
    [InlineData("X-Rewrite-URL")]
    [InlineData("X_Forwarded_For")]
    [InlineData("X_Real-IP")]
    [InlineData("Transfer_Encoding")]
    [InlineData("Content_Length")]
    [InlineData("Front-End-Https")]
    public async Task What_a_client_claims_of_itself_never_reaches_a_target(string name)
    {
        var seen = "";
        await using var target = new RawTarget(r =>
        {
            seen = r.Head;
            return r.AnswerAsync(200, "");
        });
        await using var balancer = await TestBalancer.StartAsync(target);
        using var client = balancer.Client();
        Assert.Equal(200, (await client.GetAsync("/", $"{name}: claimed\r\nX-Kept: yes\r\nX_Kept: too\r\n")).Status);
        Assert.DoesNotContain("claimed", seen);
        Assert.Contains("X-Kept: yes\r\nX_Kept: too\r\n", seen);
    }
}
