using System.Text;
using Microsoft.AspNetCore.Http;
using OpenCluster.Controller.Webhooks;

namespace OpenCluster.Controller.Tests.Webhooks;

public sealed class SignatureTests
{
    // The example of GitHub's documentation, "Validating webhook deliveries".
    private const string Secret = "It's a Secret to Everybody";
    private const string Hex = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("Hello, World!");

    [Theory]
    [InlineData("X-Hub-Signature-256", "sha256=" + Hex)]
    [InlineData("X-Gitea-Signature", Hex)]
    [InlineData("X-Gitlab-Token", Secret)]
    public void A_delivery_is_valid_when_it_is_signed_as_its_host_signs(string header, string value) =>
        Assert.True(Signature.IsValid(new HeaderDictionary { [header] = value }, Body, Secret));

    [Theory]
    [InlineData("X-Hub-Signature-256", Hex)]
    [InlineData("X-Hub-Signature-256", "sha256=857107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")]
    [InlineData("X-Hub-Signature-256", "sha256=")]
    [InlineData("X-Hub-Signature-256", "sha256=" + Hex + "00")]
    [InlineData("X-Hub-Signature-256", "sha1=" + Hex)]
    [InlineData("X-Gitea-Signature", "not hex")]
    [InlineData("X-Gitlab-Token", "It's a secret to everybody")]
    [InlineData("X-Something", "else")]
    public void A_delivery_is_refused_when_its_signature_is_another(string header, string value) =>
        Assert.False(Signature.IsValid(new HeaderDictionary { [header] = value }, Body, Secret));

    [Fact]
    public void A_good_token_does_not_help_beside_a_wrong_signature() =>
        Assert.False(Signature.IsValid(new HeaderDictionary { ["X-Hub-Signature-256"] = "sha256=00", ["X-Gitlab-Token"] = Secret }, Body, Secret));
}
