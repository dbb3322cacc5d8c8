using OpenCluster.Ssh;

namespace OpenCluster.EndToEnd.Tests.Ssh;

public class SshTargetTests
{
    [Theory]
    [InlineData("web3 root@10.0.0.7", "web3", "root@10.0.0.7", 22, null)]
    [InlineData("web3 root@10.0.0.7:2222 SHA256:abc", "web3", "root@10.0.0.7", 2222, "SHA256:abc")]
    [InlineData("deploy@web3.example.org", "web3", "deploy@web3.example.org", 22, null)]
    [InlineData("web3", "web3", "web3", 22, null)]
    [InlineData("web3 root@[2001:db8::7]:2222", "web3", "root@2001:db8::7", 2222, null)]
    [InlineData("web3 root@2001:db8::7", "web3", "root@2001:db8::7", 22, null)]
    public void A_line_names_a_server_a_login_and_perhaps_a_port_and_a_fingerprint(string line, string name, string login, int port, string? fingerprint) =>
        Assert.Equal(new SshTarget(name, login, port, fingerprint), SshTarget.Parse(line, null, "line 1"));

    [Theory]
    [InlineData("root@10.0.0.7")]
    [InlineData("web3 -oProxyCommand=evil")]
    [InlineData("web3 root@host;reboot")]
    [InlineData("Web_3 root@10.0.0.7")]
    [InlineData("a b c d")]
    public void What_has_no_name_or_could_be_taken_for_an_option_is_refused(string line) =>
        Assert.StartsWith("line 1: ", Assert.Throws<FormatException>(() => SshTarget.Parse(line, null, "line 1")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_list_passes_over_comments_and_empty_lines_and_names_each_server_once()
    {
        Assert.Equal(["a", "b"], SshTarget.ParseList("# ours\n\na root@10.0.0.1 # first\nb root@10.0.0.2\n").Select(t => t.Name));
        Assert.Contains("stands twice", Assert.Throws<FormatException>(() => SshTarget.ParseList("a root@10.0.0.1\na root@10.0.0.2")).Message, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => SshTarget.ParseList("# nobody\n"));
    }
}
