using System.Net.Sockets;
using System.Text.Json;

namespace OpenCluster.EndToEnd.Tests.JoeBarry;

/// <summary>Each route of <c>examples/joebarry</c> does what it is for, and refuses what it must refuse.</summary>
[Collection<JoeBarryCollection>]
public sealed class RouteTests(JoeBarryCluster cluster)
{
    private const string Key = "carols0wnkey";

    [Fact]
    public async Task Api_is_the_same_under_both_its_names()
    {
        foreach (var front in await cluster.FrontsAsync("outside"))
        {
            Assert.Contains("new office", (await cluster.Client.GetAsync(front, "http://api.joebarry.com:8080/news")).Body, StringComparison.Ordinal);
            Assert.Contains("new office", (await cluster.Client.GetAsync(front, "http://joebarry.com:8080/api/news")).Body, StringComparison.Ordinal);

            var kept = await cluster.Client.AskAsync(front, HttpMethod.Put, "http://joebarry.com:8080/api/notes/first", "buy milk", Key);
            Assert.Equal(200, kept.Status);
            var read = await cluster.Client.GetAsync(front, "http://api.joebarry.com:8080/notes/first", Key);
            Assert.Equal("""{"note": "buy milk"}""", read.Body.TrimEnd());
        }
    }

    [Fact]
    public async Task An_app_of_its_own_serves_the_path_below_the_api_that_it_registered_and_is_told_by_the_broker_where_the_data_is()
    {
        foreach (var front in await cluster.FrontsAsync("outside"))
        {
            foreach (var url in (string[])["http://api.joebarry.com:8080/search", "http://joebarry.com:8080/api/search?q=milk"])
            {
                var found = await cluster.Client.GetAsync(front, url);
                Assert.True(found.Status == 200, found.Body);
                Assert.Contains("\"by\": \"broker\"", found.Body, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task The_apis_token_opens_nothing_but_paths_below_the_api_that_nobody_holds()
    {
        var inside = (await cluster.FrontsAsync("inside"))[0];
        var token = await cluster.TokenAsync("carol", "--route", "api");
        var mine = await cluster.Client.AskAsync(inside, HttpMethod.Post, "http://inside:7401/v1/registrations", """{"port": 9, "paths": ["/carol"]}""", token);
        Assert.Equal(201, mine.Status);
        Assert.Equal(204, (await cluster.Client.AskAsync(inside, HttpMethod.Delete, "http://inside:7401" + mine.Headers.Location, token: token)).Status);
        Assert.Equal((409, "path-taken"), await RegisterAsync(inside, token, """{"port": 9, "paths": ["/search"]}"""));
        Assert.Equal((400, "hosts"), await RegisterAsync(inside, token, """{"port": 9, "paths": ["/x"], "hosts": ["www.joebarry.com"]}"""));
        Assert.Equal((403, "endpoint-not-allowed"), await CodeAsync(cluster.Client.GetAsync(inside, "http://inside:7401/v1/broker/data", token)));
        Assert.Equal((401, "not-authenticated"), await RegisterAsync(inside, "of-nobody", """{"port": 9, "paths": ["/x"]}"""));
        // The load-balancer that faces the internet takes no registrations at all.
        await Assert.ThrowsAsync<HttpRequestException>(async () => await RegisterAsync((await cluster.FrontsAsync("outside"))[0], token, """{"port": 9}"""));
    }

    [Fact]
    public async Task Website_is_the_site_under_both_its_names_and_never_the_api()
    {
        foreach (var front in await cluster.FrontsAsync("outside"))
        {
            foreach (var host in (string[])["joebarry.com", "www.joebarry.com"])
            {
                var page = await cluster.Client.GetAsync(front, $"http://{host}:8080/");
                Assert.Equal(200, page.Status);
                Assert.Contains("<title>Joe &amp; Barry</title>", page.Body, StringComparison.Ordinal);
            }
            var api = await cluster.Client.GetAsync(front, "http://joebarry.com:8080/api/index.html");
            Assert.Equal((404, """{"error": "there is no such thing"}"""), (api.Status, api.Body.TrimEnd()));
            // www is the site alone.
            Assert.Equal(404, (await cluster.Client.GetAsync(front, "http://www.joebarry.com:8080/api/news")).Status);
            Assert.Equal(404, (await cluster.Client.GetAsync(front, "http://joebarry.org:8080/")).Status);
        }
    }

    [Fact]
    public async Task Mobile_is_the_api_of_each_region_kept_there_for_a_while()
    {
        var read = new List<string>();
        foreach (var front in await cluster.FrontsAsync("outside"))
        {
            var first = await cluster.Client.GetAsync(front, "http://mobile.joebarry.com:8080/news");
            var again = await cluster.Client.GetAsync(front, "http://mobile.joebarry.com:8080/news");
            Assert.Equal(front.Server, first.Headers.GetValues("X-Api").Single());
            Assert.Contains("hit", again.Headers.GetValues("Cache-Status").Single(), StringComparison.Ordinal);
            Assert.Equal(first.Body, again.Body);
            read.Add(first.Body);

            // Somebody's own notes are kept nowhere.
            await cluster.Client.AskAsync(front, HttpMethod.Put, "http://mobile.joebarry.com:8080/notes/mine", "one", Key);
            Assert.Contains("one", (await cluster.Client.GetAsync(front, "http://mobile.joebarry.com:8080/notes/mine", Key)).Body, StringComparison.Ordinal);
            await cluster.Client.AskAsync(front, HttpMethod.Put, "http://mobile.joebarry.com:8080/notes/mine", "two", Key);
            Assert.Contains("two", (await cluster.Client.GetAsync(front, "http://mobile.joebarry.com:8080/notes/mine", Key)).Body, StringComparison.Ordinal);
            Assert.Equal(401, (await cluster.Client.GetAsync(front, "http://mobile.joebarry.com:8080/notes/mine")).Status);
        }
        Assert.Equal(2, read.Distinct().Count());
    }

    [Fact]
    public async Task Console_is_for_those_in_the_office_who_show_the_teams_certificate()
    {
        const string Url = "https://console.joebarry.com:8443/";
        foreach (var front in await cluster.FrontsAsync("outside"))
        {
            var welcome = await cluster.Client.GetAsync(front, Url, from: JoeBarryCluster.Office, certificate: "carol");
            Assert.Equal(200, welcome.Status);
            Assert.Contains("<title>Console</title>", welcome.Body, StringComparison.Ordinal);

            Assert.Equal(403, (await cluster.Client.GetAsync(front, Url, certificate: "carol")).Status);
            Assert.Equal(403, (await cluster.Client.GetAsync(front, Url, from: JoeBarryCluster.Office)).Status);
            Assert.Equal(403, (await cluster.Client.GetAsync(front, Url)).Status);
            Assert.Equal(403, (await cluster.Client.GetAsync(front, "http://console.joebarry.com:8080/", from: JoeBarryCluster.Office)).Status);
            // A certificate of somebody else's authority does not get through the handshake.
            await Assert.ThrowsAsync<HttpRequestException>(() => cluster.Client.GetAsync(front, Url, from: JoeBarryCluster.Office, certificate: "site"));
            // Others on the same listener need none.
            Assert.Equal(200, (await cluster.Client.GetAsync(front, "https://joebarry.com:8443/")).Status);
        }
    }

    [Fact]
    public async Task Apptier_gets_what_the_api_let_through_and_is_not_there_for_the_public()
    {
        var inside = await cluster.FrontsAsync("inside");
        var outside = (await cluster.FrontsAsync("outside"))[0];
        foreach (var front in inside) Assert.Equal(200, (await cluster.Client.GetAsync(front, "http://apptier.joebarry.internal:8080/news")).Status);
        Assert.Equal(404, (await cluster.Client.GetAsync(outside, "http://apptier.joebarry.internal:8080/news")).Status);

        async Task<long> AskedAsync() => await cluster.RequestsAsync(inside[0], "apptier") + await cluster.RequestsAsync(inside[1], "apptier");
        var before = await AskedAsync();
        (int Status, Task<Seen> Asking)[] rubbish =
        [
            (404, cluster.Client.GetAsync(outside, "http://api.joebarry.com:8080/wp-login.php", Key)),
            (404, cluster.Client.GetAsync(outside, "http://api.joebarry.com:8080/notes/..%2fsecrets", Key)),
            (401, cluster.Client.GetAsync(outside, "http://api.joebarry.com:8080/notes/first")),
            (401, cluster.Client.AskAsync(outside, HttpMethod.Put, "http://api.joebarry.com:8080/notes/first", "mine now", "short")),
            (413, cluster.Client.AskAsync(outside, HttpMethod.Put, "http://api.joebarry.com:8080/notes/first", new string('x', 2000), Key)),
            (501, cluster.Client.AskAsync(outside, HttpMethod.Delete, "http://api.joebarry.com:8080/notes/first", token: Key)),
        ];
        foreach (var (status, asking) in rubbish) Assert.Equal(status, (await asking).Status);
        Assert.Equal(before, await AskedAsync());

        Assert.Equal(200, (await cluster.Client.GetAsync(outside, "http://api.joebarry.com:8080/news")).Status);
        Assert.Equal(before + 1, await AskedAsync());
    }

    [Fact]
    public async Task Dbtier_is_a_port_of_the_internal_load_balancers_alone()
    {
        foreach (var front in await cluster.FrontsAsync("inside")) Assert.Equal("+PONG\r\n", await FrontClient.TalkAsync(front, 6379, "PING\r\n", "+PONG\r\n"));
        foreach (var front in await cluster.FrontsAsync("outside")) await Assert.ThrowsAsync<SocketException>(() => FrontClient.TalkAsync(front, 6379, "PING\r\n", "+PONG\r\n"));
    }

    [Fact]
    public async Task Who_cannot_reach_the_data_itself_is_connected_by_the_broker()
    {
        var token = await cluster.TokenAsync("reporting", "--endpoint", "data");
        foreach (var front in await cluster.FrontsAsync("inside"))
        {
            var told = await cluster.Client.GetAsync(front, "http://inside:7401/v1/broker/data", token);
            using var answer = JsonDocument.Parse(told.Body);
            var ways = answer.RootElement.GetProperty("ways");
            Assert.Equal(["direct", "through"], ways.EnumerateArray().Select(w => w.GetProperty("how").GetString()));

            var through = await FrontClient.TalkAsync(front, 7401,
                $"GET {ways[1].GetProperty("path").GetString()} HTTP/1.1\r\nHost: inside\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: {ways[1].GetProperty("upgrade").GetString()}\r\n\r\nPING\r\n", "+PONG\r\n");
            Assert.StartsWith("HTTP/1.1 101 ", through, StringComparison.Ordinal);
            Assert.EndsWith("+PONG\r\n", through, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Status_tells_of_a_certificate_that_cannot_be_used_while_the_one_before_is_served()
    {
        var file = Path.Combine(cluster.Certificates, "site.pem");
        var good = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(file, "no certificate", TestContext.Current.CancellationToken);
        try
        {
            await UpFixture.UntilAsync(async () => (await Executable.RunAsync(cluster.Directory, "status")).Output.Contains("warning: certificate site:", StringComparison.Ordinal));
            Assert.Equal(200, (await cluster.Client.GetAsync((await cluster.FrontsAsync("outside"))[0], "https://joebarry.com:8443/")).Status);
        }
        finally
        {
            await File.WriteAllTextAsync(file, good, TestContext.Current.CancellationToken);
        }
        await UpFixture.UntilAsync(async () => !(await Executable.RunAsync(cluster.Directory, "status")).Output.Contains("warning:", StringComparison.Ordinal));
    }

    private async Task<(int Status, string Code)> RegisterAsync(Front front, string token, string wish)
    {
        var answer = cluster.Client.AskAsync(front, HttpMethod.Post, "http://inside:7401/v1/registrations", wish, token);
        return await CodeAsync(answer);
    }

    /// <summary>Status and code of a problem; of a field where it is one's fault.</summary>
    private static async Task<(int Status, string Code)> CodeAsync(Task<Seen> asking)
    {
        var answer = await asking;
        using var json = JsonDocument.Parse(answer.Body);
        return (answer.Status, json.RootElement.TryGetProperty("field", out var field) && field.GetString() is { Length: > 0 } name ? name : json.RootElement.TryGetProperty("code", out var code) ? code.GetString()! : "");
    }
}
