using OpenCluster.Model.Files;

namespace OpenCluster.Model.Tests.Files;

/// <summary>Every mistake of a file is told at once, where it is, and with what to write instead.</summary>
public sealed class ErrorTests
{
    private const string Servers = "servers: {a: {roles: web, controller: true}, b: {roles: web, location: dc}}\n";

    [Fact]
    public void A_file_with_many_mistakes_gets_all_its_errors_at_once()
    {
        var reading = ClusterFile.Read(Repository.Read("tests/OpenCluster.Model.Tests/Golden/ten-mistakes.yaml"), "ten-mistakes.yaml");

        Assert.Null(reading.File);
        Golden.Matches("ten-mistakes.errors.txt", reading.Lines);
    }

    [Fact]
    public void Errors_never_show_a_credential() =>
        Assert.DoesNotContain("hunter2", string.Join('\n', ClusterFile.Read(Repository.Read("tests/OpenCluster.Model.Tests/Golden/ten-mistakes.yaml")).Lines), StringComparison.Ordinal);

    [Theory]
    [InlineData("https://token@git.example.org/a.git")]
    [InlineData("https://user:word@git.example.org/a.git")]
    [InlineData("https://git.example.org/a.git?access_token=abc")]
    [InlineData("ssh://git:word@git.example.org/a.git")]
    [InlineData("user:word@git.example.org:a.git")]
    [InlineData("ext::sh -c whoami")]
    [InlineData("--upload-pack=whoami")]
    public void A_repository_that_holds_a_credential_or_runs_a_command_is_refused(string git) =>
        Assert.Contains("services.s.git", Assert.Single(Lines($"services: {{s: {{role: web, run: x, git: '{git}'}}}}")), StringComparison.Ordinal);

    [Theory]
    [InlineData("https://git.example.org/a.git")]
    [InlineData("git@git.example.org:team/a.git")]
    [InlineData("ssh://git@git.example.org:2222/a.git")]
    [InlineData("file:///srv/a.git")]
    [InlineData("/srv/a.git")]
    [InlineData("../a.git")]
    public void A_repository_may_be_named_in_any_way_git_knows(string git) =>
        Assert.Empty(Lines($"services: {{s: {{role: web, run: x, git: '{git}'}}}}"));

    [Theory]
    // Files that are not a cluster at all.
    [InlineData("", "the file is empty")]
    [InlineData("- a", "a cluster file is a map of keys, this is a list")]
    [InlineData("cluster: {", "this is not YAML")]
    [InlineData("cluster: a\nservers: [a]\n---\ncluster: b", "a second document begins here")]
    [InlineData("cluster: a\nservers: [a]\nvalues: {b: *a}", "stands for nothing above it")]
    [InlineData("cluster: !secret a\nservers: [a]", "tags have no meaning here")]
    // One object.
    [InlineData("settings: {server-down-after: 1s}", "a server would count as down after 1s while it reports every 500ms")]
    [InlineData("settings: {replace-after: 1s}", "instances would be replaced before their server counts as down")]
    [InlineData("settings: {heartbeat: 5}", "Add a unit: 5ms, 5s")]
    [InlineData("settings: {mass-failure-share: 0.5}", "is not a percentage")]
    [InlineData("services: {s: {role: web}}", "nothing says what it runs")]
    [InlineData("services: {s: {role: web, run: x, web: y, git: /g}}", "cannot both be what it runs")]
    [InlineData("services: {s: {role: web, web: y}}", "there is no source to take it from")]
    [InlineData("services: {s: {role: web, run: x, branch: main}}", "a branch needs a repository")]
    [InlineData("services: {s: {role: web, run: x, git: /g, directory: .}}", "the source is either")]
    [InlineData("services: {s: {role: web, run: x, persistent: [/var]}}", "leads out of the release's directory")]
    [InlineData("services: {s: {role: web, run: x, persistent: [.]}}", "is the whole release")]
    [InlineData("services: {s: {role: web, run: x, persistent: [var, var/a]}}", "is kept already, as")]
    [InlineData("services: {s: {role: web, run: x, environment: {PORT: 1}}}", "is set by OpenCluster itself")]
    [InlineData("services: {s: {role: web, run: x, ports: [], check: /}}", "the service has no port to ask")]
    [InlineData("services: {s: {role: web, run: x, check: {port: htp}}}", "Did you mean \"http\"?")]
    [InlineData("services: {s: {role: web, run: x, ports: {a: {protocol: udp}}, check: /}}", "is UDP and cannot be asked that way")]
    [InlineData("services: {s: {role: web, run: x, instances: 20, roll-out: {watch: 1m}, placement: {}}}", "would be rolled back after 15m")]
    [InlineData("services: {s: {role: web, run: x, restart: {first: 1h}}}", "the first wait is longer than the longest")]
    [InlineData("services: {s: {role: web, run: 'echo ${nothing}'}}", "there is no value ${nothing}")]
    [InlineData("services: {S: {role: web, run: x}}", "such as \"s\"")]
    [InlineData("services: {s: {role: web, run: x, description: Pages, and more}}", "put quotes around the whole")]
    [InlineData("services: {s: {role: web, run: x, zones: []}}", "it goes to no zone")]
    [InlineData("load-balancers: {l: {role: web}}", "\"listen\" is missing")]
    [InlineData("endpoints: {db: {host: db.example.org}}", "\"port\" is missing")]
    // Several objects.
    [InlineData("services: {s: {role: web, run: x, secrets: [key]}}", "there is no secret \"key\"")]
    [InlineData("services: {s: {role: web, run: x, zones: [test]}}", "there is no zone \"test\"")]
    [InlineData("services: {s: {role: web, run: x, ports: {a: 7000}, instances: 3}}", "3 instances never fit: servers a, b have room for 2")]
    [InlineData("services: {s: {role: web, run: x, tags: [gpu]}}", "none of the servers a, b has the tags")]
    [InlineData("services: {s: {role: web, run: x, placement: {locations: [dc], per-server: 1}, instances: 2}}", "servers b have room for 1")]
    [InlineData("load-balancers: {l: {role: web, listen: 80}, m: {role: web, listen: 80}}", "listens at port 80 of server \"a\" as well")]
    [InlineData("load-balancers: {l: {role: web, listen: [80, 80]}}", "it listens at port 80 twice")]
    [InlineData("roles: {web: {renamed-from: web}}", "\"web\" is still there")]
    [InlineData("services: {s: {role: web, run: x}}\nroutes: {s: {match: a.org}}", "there is no load-balancer to serve it")]
    [InlineData(Balanced + "routes: {s: {match: a.org}, t: {to: s, match: a.org/}}", "route \"s\" answers to a.org/ on load-balancer \"l\" as well")]
    [InlineData(Balanced + "routes: {s: {match: a.org, zone: test}}", "there is no zone \"test\"")]
    [InlineData(Balanced + "routes: {s: {match: a.org, port: metrics}}", "has no port \"metrics\"")]
    [InlineData(Balanced + "routes: {s: {match: {path: /a, except: /b}}}", "/b is not below /a")]
    public void A_mistake_is_told_in_words(string rest, string words)
    {
        var lines = rest.StartsWith("cluster", StringComparison.Ordinal) || !rest.Contains(": {", StringComparison.Ordinal) ? ClusterFile.Read(rest).Lines : Lines(rest);

        Assert.Contains(words, Assert.Single(lines), StringComparison.Ordinal);
    }

    private const string Balanced = "services: {s: {role: web, run: x}}\nload-balancers: {l: {role: web, listen: 80}}\n";

    [Theory]
    [InlineData("servers: {a: {}, b: {}}", "no server runs the controller")]
    [InlineData("servers: {a: {controller: true}, b: {controller: true}}", "server \"a\" runs the controller as well")]
    [InlineData("servers: {a: {address: 10.0.0.1, controller: true}, b: {address: 10.0.0.1}}", "server \"a\" has the address 10.0.0.1 as well")]
    [InlineData("servers: {a: {address: '::1', controller: true}, b: {address: '0::1'}}", "has the address")]
    [InlineData("servers: {a: {address: 1}}", "is not an IP address")]
    [InlineData("services: {}", "there is no server")]
    [InlineData("roles: [web]\nservers: {a: {roles: wbe}}", "Did you mean \"web\"?")]
    [InlineData("servers: {a: {capacity: {memory: 1GiB}}}\nservices: {s: {run: x, takes: {memory: 2GiB}}}", "more than any of the servers a has")]
    [InlineData("servers: {a: {capacity: {cpu: 1}}}\nservices: {s: {run: x, takes: {cpu: 0.1}, instances: 11}}", "have room for 10")]
    public void A_mistake_about_servers_is_told_in_words(string rest, string words) =>
        Assert.Contains(words, Assert.Single(ClusterFile.Read("cluster: c\n" + rest).Lines), StringComparison.Ordinal);

    [Fact]
    public void Values_in_a_circle_are_told_once_with_the_circle() =>
        Assert.Contains("a → b → c → a", Assert.Single(Lines("values: {a: '${b}', b: '${c}', c: '${a}'}")), StringComparison.Ordinal);

    [Fact]
    public void A_mistake_in_a_service_of_two_zones_is_told_once_and_where_it_is_written()
    {
        var line = Assert.Single(Lines("zones: [test]\nservices:\n  s:\n    role: web\n    run: x\n    check: {every: 2}\n    zones: [default, test]"), l => l.Contains("every", StringComparison.Ordinal));

        Assert.StartsWith("cluster.yaml:8:20:", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Reading_stops_at_a_hundred_errors_and_counts_the_others()
    {
        var lines = ClusterFile.Read("cluster: c\n" + string.Concat(Enumerable.Range(0, 150).Select(i => $"key{i}: 1\n"))).Lines.ToList();

        Assert.Equal(FileLimits.Errors + 1, lines.Count);
        Assert.Contains("51 more errors", lines[^1], StringComparison.Ordinal);
    }

    private static IEnumerable<string> Lines(string rest) => ClusterFile.Read("cluster: c\n" + Servers + rest).Lines;
}
