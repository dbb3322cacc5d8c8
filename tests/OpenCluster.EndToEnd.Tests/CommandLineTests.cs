using System.Diagnostics;

namespace OpenCluster.EndToEnd.Tests;

public sealed class CommandLineTests
{
    [Fact]
    public async Task Without_a_cluster_the_answer_says_how_to_get_one()
    {
        var empty = Directory.CreateTempSubdirectory("opencluster-test-");
        var run = await Executable.RunAsync(empty.FullName, "status");
        empty.Delete(recursive: true);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("opencluster up FILE", run.Errors, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task An_unreachable_controller_has_an_exit_code_of_its_own()
    {
        var directory = Directory.CreateTempSubdirectory("opencluster-test-");
        var token = Path.Combine(directory.FullName, "token");
        await File.WriteAllTextAsync(token, "not-a-real-token", TestContext.Current.CancellationToken);
        var run = await Executable.RunAsync(directory.FullName, "status", "--controller", "http://127.0.0.1:1", "--token-file", token);
        directory.Delete(recursive: true);

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("No controller answers at http://127.0.0.1:1", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_mistake_of_a_file_is_told_before_anything_starts()
    {
        var directory = Directory.CreateTempSubdirectory("opencluster-test-");
        await File.WriteAllTextAsync(Path.Combine(directory.FullName, "cluster.yaml"), """
            cluster: broken
            servers:
              web1: {roles: [webserver], lokation: dc}
            services:
              api: {role: webservr, run: "true", instances: many}
            """, TestContext.Current.CancellationToken);
        var run = await Executable.RunAsync(directory.FullName, "up", "cluster.yaml");
        var left = directory.GetFileSystemInfos().Length;
        directory.Delete(recursive: true);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("cluster.yaml:3:", run.Errors, StringComparison.Ordinal);
        Assert.Contains("location", run.Errors, StringComparison.Ordinal);
        Assert.Contains("cluster.yaml:5:", run.Errors, StringComparison.Ordinal);
        Assert.Equal(1, left);
    }

    [Theory]
    [InlineData("stauts", "Did you mean \"status\"?")]
    [InlineData("frobnicate", "there is no verb \"frobnicate\"")]
    [InlineData("deploy", "SERVICE")]
    public async Task A_command_line_that_cannot_be_read_is_a_mistake_of_two_lines(string words, string expected)
    {
        var run = await Executable.RunAsync(Path.GetTempPath(), words);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Errors, StringComparison.Ordinal);
        Assert.Equal(2, run.Errors.TrimEnd().Split('\n').Length);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task The_front_page_has_every_verb_on_one_line()
    {
        var run = await Executable.RunAsync(Path.GetTempPath());

        Assert.Equal(0, run.ExitCode);
        Assert.Single(run.Output.Split('\n'), line => line.StartsWith("  deploy SERVICE ", StringComparison.Ordinal));
        Assert.All(run.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 160));
    }

    /// <summary>How each shell is asked, without a terminal, what it would offer for the words of a line.</summary>
    private static readonly Dictionary<string, string> Asking = new(StringComparer.Ordinal)
    {
        ["bash"] = """source <(opencluster completion bash); COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _opencluster; printf '%s\n' "${COMPREPLY[@]}" """,
        ["zsh"] = """autoload -Uz compinit; compinit -u -D; source <(opencluster completion zsh); words=("$@") CURRENT=$#; compadd() { print -l -- ${(P)@[-1]} }; _files() { print files }; _opencluster""",
        ["fish"] = "opencluster completion fish | source; complete -C \"$argv\"",
    };

    [Theory]
    [InlineData("bash", "dep", "deploy")]
    [InlineData("zsh", "dep", "deploy")]
    [InlineData("fish", "dep", "deploy")]
    [InlineData("bash", "lb pur", "purge")]
    [InlineData("zsh", "lb pur", "purge")]
    [InlineData("fish", "lb pur", "purge")]
    [InlineData("bash", "completion ", "bash fish zsh")]
    [InlineData("zsh", "completion ", "bash fish zsh")]
    [InlineData("fish", "completion ", "bash fish zsh")]
    [InlineData("bash", "status --js", "--json")]
    [InlineData("zsh", "status --js", "--json")]
    [InlineData("fish", "status --js", "--json")]
    [InlineData("bash", "up ", "")]
    [InlineData("zsh", "up ", "files")]
    [InlineData("fish", "up ", "cluster.yaml")]
    public async Task A_shell_completes_verbs_options_and_files(string shell, string words, string offers)
    {
        if (!Path.Exists($"/usr/bin/{shell}")) Assert.Skip($"needs {shell}");
        var empty = Directory.CreateTempSubdirectory("opencluster-test-");
        await File.WriteAllTextAsync(Path.Combine(empty.FullName, "cluster.yaml"), "", TestContext.Current.CancellationToken);
        string[] line = shell == "fish" ? ["opencluster " + words] : [.. shell == "zsh" ? (string[])["zsh"] : ["bash"], "opencluster", .. words.Split(' ')];
        using var process = Process.Start(new ProcessStartInfo(shell, ["-c", Asking[shell], .. line])
        {
            WorkingDirectory = empty.FullName,
            RedirectStandardOutput = true,
            UseShellExecute = false,
            Environment = { ["PATH"] = $"{Path.GetDirectoryName(Executable.Path)}:{Environment.GetEnvironmentVariable("PATH")}", ["HOME"] = empty.FullName },
        })!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        empty.Delete(recursive: true);

        Assert.Equal(offers, string.Join(' ', output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("annotated.yaml")]
    [InlineData("simple-startup/cluster.yaml")]
    [InlineData("registering-app/cluster.yaml")]
    [InlineData("joebarry/cluster.yaml")]
    public async Task The_examples_are_valid_by_the_schema_as_an_editor_reads_it(string example)
    {
        var schema = await Executable.RunAsync(Path.GetTempPath(), "schema");
        using var python = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", """
            import json, sys, yaml
            from jsonschema import Draft202012Validator as Draft
            schema = json.load(sys.stdin)
            Draft.check_schema(schema)
            for error in Draft(schema).iter_errors(yaml.safe_load(open(sys.argv[1]))):
                print(*error.path, *(c.message[:200] for c in error.context or [error]), sep="\n  ")
            """, Path.Combine(Path.GetDirectoryName(Executable.Path)!, "examples", example)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        await python.StandardInput.WriteAsync(schema.Output);
        python.StandardInput.Close();
        var wrong = await python.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await python.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(python.ExitCode == 0 && wrong.Length == 0, wrong);
    }

    [Theory]
    [InlineData("status --frob", "status has no option \"--frob\".")]
    [InlineData("demo --kep", "Did you mean \"--keep\"?")]
    [InlineData("simulate --sed 4", "Did you mean \"--seed\"?")]
    [InlineData("logs x --lines many", "\"many\" does not fit --lines (How many of the last lines, 1 to 10,000).")]
    [InlineData("completion tcsh", "\"tcsh\" does not fit SHELL (bash, zsh or fish).")]
    [InlineData("status extra", "\"extra\" is one word too many for status.")]
    [InlineData("lb purg", "Did you mean \"purge\"? lb has top, explain, ")]
    [InlineData("lb", "lb needs one of top, explain, ")]
    [InlineData("web", "web needs --root")]
    [InlineData("data --directory", "--directory needs a value")]
    [InlineData("up /", "/ is a directory; name the cluster file in it")]
    [InlineData("login ftp://x --user a", "\"ftp://x\" is not the URL of a controller")]
    [InlineData("status --controller https://10.0.0.1:7400", "no token for it: add --token-file FILE")]
    [InlineData("status --controller https://127.0.0.1:1 --token-file /no/such", "The token file /no/such cannot be read")]
    public async Task A_mistake_is_told_by_what_it_is_and_what_to_write(string words, string expected)
    {
        var run = await Executable.RunAsync(Path.GetTempPath(), words.Split(' '));

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Errors, StringComparison.Ordinal);
        Assert.InRange(run.Errors.TrimEnd().Split('\n').Length, 1, 2);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("status --json", "no-cluster")]
    [InlineData("frobnicate --json", "usage")]
    [InlineData("deploy --json", "usage")]
    [InlineData("up --json /no/such/file", "failed")]
    [InlineData("status --json --controller http://127.0.0.1:1 --token-file /dev/null", "unreachable")]
    public async Task A_failure_is_JSON_too_where_JSON_was_asked_for(string words, string code)
    {
        var run = await Executable.RunAsync(Path.GetTempPath(), words.Split(' '));

        using var failure = System.Text.Json.JsonDocument.Parse(run.Output);
        Assert.Equal(code, failure.RootElement.GetProperty("error").GetProperty("code").GetString());
        Assert.NotEmpty(run.Errors);
        Assert.NotEqual(0, run.ExitCode);
    }

    [Theory]
    [InlineData("up")]
    [InlineData("plan")]
    [InlineData("apply")]
    [InlineData("history")]
    [InlineData("undo")]
    [InlineData("status")]
    [InlineData("servers")]
    [InlineData("services")]
    [InlineData("instances")]
    [InlineData("deploy")]
    [InlineData("rollback")]
    [InlineData("releases")]
    [InlineData("logs")]
    [InlineData("exec")]
    [InlineData("pause")]
    [InlineData("resume")]
    [InlineData("demo")]
    [InlineData("simulate")]
    [InlineData("schema")]
    [InlineData("completion")]
    public async Task Every_verb_explains_itself_with_an_example(string verb)
    {
        var run = await Executable.RunAsync(Path.GetTempPath(), verb, "--help");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains($"opencluster {verb}", run.Output, StringComparison.Ordinal);
        Assert.Contains("Examples:", run.Output, StringComparison.Ordinal);
    }
}
