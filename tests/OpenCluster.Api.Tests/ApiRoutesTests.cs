namespace OpenCluster.Api.Tests;

public sealed class ApiRoutesTests
{
    [Theory]
    [InlineData("../../etc", "/v1/releases/..%2F..%2Fetc/archive")]
    [InlineData("svc-1.r2", "/v1/releases/svc-1.r2/archive")]
    [InlineData("a?b#c", "/v1/releases/a%3Fb%23c/archive")]
    public void What_fills_a_path_cannot_leave_its_place(string release, string path) => Assert.Equal(path, ApiRoutes.Archive(release));
}
