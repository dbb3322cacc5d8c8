using System.Collections.Immutable;
using System.Net;
using OpenCluster.Decisions.Admission;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Tests.Admission;

public sealed class AdmissionCheckTests
{
    [Theory]
    [InlineData("192.0.2.1", true)]
    [InlineData("192.0.3.0", false)]
    [InlineData("192.0.1.255", false)]
    [InlineData("192.0.2.66", false)]
    [InlineData("2001:db8:1::5", true)]
    [InlineData("2001:db9::", false)]
    [InlineData("::ffff:192.0.2.1", true)]
    [InlineData("10.1.2.3", true)]
    public void Only_clients_of_the_networks_come_in_and_not_those_taken_out(string address, bool expected)
    {
        var check = new AdmissionCheck(new AdmissionRule { From = ["192.0.2.0/25", "192.0.2.0/24", "2001:db8::/32", "10.1.2.3"], NotFrom = ["192.0.2.66"] }, PlainHttp.Serve);
        var asked = IPAddress.Parse(address);
        Assert.Equal(expected ? Refusal.None : Refusal.Address, check.Judge(new Visitor(asked.IsIPv4MappedToIPv6 ? asked.MapToIPv4() : asked, true, default, 100)));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    public void Sets_of_networks_agree_with_asking_one_after_the_other(int seed)
    {
        var random = new Random(seed);
        for (var run = 0; run < 100; run++)
        {
            ImmutableArray<string> networks = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => Network())];
            var set = NetworkSet.Of(networks);
            for (var i = 0; i < 100; i++)
            {
                var address = new IPAddress([10, 0, (byte)random.Next(4), (byte)random.Next(256)]);
                Assert.Equal(networks.Any(n => IPNetwork.Parse(n).Contains(address)), set.Contains(address));
            }
        }

        string Network()
        {
            var length = random.Next(20, 33);
            var bits = (uint)(10 << 24 | random.Next(4) << 8 | random.Next(256)) & (uint)(uint.MaxValue << (32 - length));
            return $"{bits >> 24}.{bits >> 16 & 255}.{bits >> 8 & 255}.{bits & 255}/{length}";
        }
    }

    [Fact]
    public void Without_a_certificate_that_is_named_nobody_comes_in()
    {
        var any = new AdmissionCheck(new AdmissionRule { ClientCertificate = new ClientCertificateRule() }, PlainHttp.Serve);
        var carol = new AdmissionCheck(new AdmissionRule { ClientCertificate = new ClientCertificateRule { Names = ["carol@joebarry.com"] } }, PlainHttp.Serve);
        Assert.Equal(Refusal.Certificate, any.Judge(Shown(default)));
        Assert.Equal(Refusal.None, any.Judge(Shown(["joe"])));
        Assert.Equal(Refusal.Certificate, carol.Judge(Shown(["joe"])));
        Assert.Equal(Refusal.None, carol.Judge(Shown(["Carol", "carol@joebarry.com"])));

        static Visitor Shown(ImmutableArray<string> names) => new(IPAddress.Loopback, true, names, 100);
    }

    [Fact]
    public void Plain_requests_are_refused_or_left_to_be_sent_to_https()
    {
        var plain = new Visitor(IPAddress.Loopback, false, default, 100);
        Assert.Equal(Refusal.PlainHttp, new AdmissionCheck(new AdmissionRule(), PlainHttp.Refuse).Judge(plain));
        Assert.Equal(Refusal.None, new AdmissionCheck(new AdmissionRule { ClientCertificate = new() }, PlainHttp.Redirect).Judge(plain));
        Assert.True(new AdmissionCheck(new AdmissionRule(), PlainHttp.Serve).AsksNothing);
    }

    [Theory]
    [InlineData(10, 0, 10)]
    [InlineData(10, 3, 3)]
    [InlineData(0.5, 0, 1)]
    public void Rate_lets_a_burst_through_and_then_one_in_its_time(double perSecond, int burst, int first)
    {
        const long Second = 1000;
        var rate = Rate.Of(new LoadLimit { Rate = perSecond, Burst = burst }, Second);
        var paid = 0L;
        var now = 5 * Second;
        Assert.Equal(first, Enumerable.Range(0, 100).Count(_ => rate.TryTake(ref paid, now)));
        var interval = (long)(Second / perSecond);
        Assert.False(rate.TryTake(ref paid, now + interval - 1));
        Assert.True(rate.TryTake(ref paid, now + interval));
        Assert.False(rate.TryTake(ref paid, now + interval));
        // After a pause there is a whole burst again, not more.
        Assert.Equal(first, Enumerable.Range(0, 100).Count(_ => rate.TryTake(ref paid, now + 1000 * Second)));
    }
}
