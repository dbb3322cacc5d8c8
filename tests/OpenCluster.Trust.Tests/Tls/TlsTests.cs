using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using OpenCluster.Trust.Certificates;
using OpenCluster.Trust.Tls;

namespace OpenCluster.Trust.Tests.Tls;

public sealed class TlsTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_parts_of_a_cluster_know_each_other()
    {
        using var authority = new TestAuthority();
        var met = await MeetAsync(authority.For(PartKind.Controller, "c"), authority.For(PartKind.Agent, "srv-1"));
        Assert.Null(met.Caller);
        Assert.Null(met.Called);
        Assert.Equal(new PartName(authority.Roots.Domain, PartKind.Agent, "srv-1"), met.Seen);
    }

    [Fact]
    public async Task A_person_without_a_certificate_is_let_in_to_show_a_token()
    {
        using var authority = new TestAuthority();
        var met = await MeetAsync(authority.For(PartKind.Controller, "c"), new Credentials(authority.Roots));
        Assert.Null(met.Caller);
        Assert.Null(met.Seen);
    }

    [Fact]
    public async Task Whoever_stands_between_with_an_authority_of_its_own_is_not_talked_to()
    {
        using var authority = new TestAuthority();
        using var other = new TestAuthority();
        var met = await MeetAsync(other.For(PartKind.Controller, "c"), authority.For(PartKind.Agent, "srv-1"));
        Assert.Contains("was not made by this cluster's authority", Assert.IsType<UntrustedException>(met.Caller).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_with_another_authoritys_certificate_is_refused()
    {
        using var authority = new TestAuthority();
        using var other = new TestAuthority();
        // It believes the controller: only what it shows is wrong.
        var met = await MeetAsync(authority.For(PartKind.Controller, "c"), other.For(PartKind.Agent, "srv-1", roots: authority.Roots));
        Assert.IsType<AuthenticationException>(met.Called);
    }

    [Fact]
    public async Task An_agent_cannot_pose_as_the_controller()
    {
        using var authority = new TestAuthority();
        var met = await MeetAsync(authority.For(PartKind.Agent, "srv-2"), authority.For(PartKind.Agent, "srv-1"));
        Assert.Contains("of kind Agent, not Controller", Assert.IsType<UntrustedException>(met.Caller).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(23, true)]
    [InlineData(25, true)]
    [InlineData(24 * 29, true)]
    [InlineData(24 * 32, false)]
    public async Task A_certificate_that_has_run_out_still_says_who_it_is_for_a_while(int hoursAgo, bool known)
    {
        var now = DateTimeOffset.UtcNow;
        using var authority = new TestAuthority(now.AddDays(-60));
        var met = await MeetAsync(authority.For(PartKind.Controller, "c"), authority.For(PartKind.Agent, "srv-1", now.AddHours(-hoursAgo)));
        Assert.Equal(known, met.Called is null);
    }

    [Fact]
    public async Task A_part_that_slept_through_a_rotation_of_the_root_still_believes_and_is_believed()
    {
        using var authority = new TestAuthority();
        var sleeper = authority.For(PartKind.Agent, "srv-1");
        authority.Files.AddRoot(DateTimeOffset.UtcNow, compromised: false);
        var announced = await MeetAsync(authority.For(PartKind.Controller, "c"), sleeper);
        authority.Files.RenewIssuing(DateTimeOffset.UtcNow);
        var moved = await MeetAsync(authority.For(PartKind.Controller, "c"), sleeper);
        authority.Files.DropOldRoots();
        var dropped = await MeetAsync(authority.For(PartKind.Controller, "c"), new Credentials(sleeper.Roots));

        Assert.Equal((null, null), (announced.Caller, announced.Called));
        Assert.Equal((null, null), (moved.Caller, moved.Called));
        Assert.Null(dropped.Caller);
    }

    [Fact]
    public async Task After_a_compromise_the_old_root_vouches_for_nothing()
    {
        using var authority = new TestAuthority();
        var old = authority.Roots;
        authority.Files.AddRoot(DateTimeOffset.UtcNow, compromised: true);
        authority.Files.RenewIssuing(DateTimeOffset.UtcNow);
        var met = await MeetAsync(authority.For(PartKind.Controller, "c"), new Credentials(old));
        Assert.IsType<UntrustedException>(met.Caller);
    }

    private sealed record Meeting(Exception? Caller, Exception? Called, PartName? Seen);

    /// <summary>One connection over loopback: what each side made of it.</summary>
    private static async Task<Meeting> MeetAsync(Credentials called, Credentials caller)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        PartName? seen = null;
        var serving = Record.ExceptionAsync(async () =>
        {
            using var accepted = await listener.AcceptTcpClientAsync(Ct);
            await using var tls = new SslStream(accepted.GetStream());
            await tls.AuthenticateAsServerAsync(ServerTls.Options(called, TimeProvider.System), Ct);
            Assert.Equal(SslProtocols.Tls13, tls.SslProtocol);
            seen = tls.RemoteCertificate is System.Security.Cryptography.X509Certificates.X509Certificate2 shown ? PartName.Of(shown) : null;
            await tls.WriteAsync("hi"u8.ToArray(), Ct);
        });
        var calling = await Record.ExceptionAsync(async () =>
        {
            using var client = new TcpClient();
            await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, Ct);
            await using var tls = await ClientTls.CallAsync(client.GetStream(), caller, PartKind.Controller, TimeProvider.System, Ct);
            // In TLS 1.3 the caller learns only with the first answer that its certificate was refused.
            await tls.ReadExactlyAsync(new byte[2], Ct);
        });
        return new Meeting(calling, await serving, seen);
    }
}
