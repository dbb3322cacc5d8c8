using OpenCluster.Model.Changes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Tests.Changes;

/// <summary>An object stays the one it is while its name stays, and when the file says it was renamed.</summary>
public sealed class IdentityTests
{
    private readonly Clusters _clusters = new();

    [Fact]
    public void An_object_keeps_its_id_while_it_keeps_its_name()
    {
        var first = _clusters.First("cluster: c\nservers: [a]").After;
        var second = _clusters.Next("cluster: c\nservers: {a: {location: dc}}", first, first).After;

        Assert.Equal(first.Servers.Single().Id, second.Servers.Single().Id);
        Assert.StartsWith("srv-", second.Servers.Single().Id, StringComparison.Ordinal);
    }

    [Fact]
    public void A_renamed_object_keeps_its_id_and_what_refers_to_it_does_not_change()
    {
        var first = _clusters.First("cluster: c\nservers: [a]\nservices: {s: {run: x}}").After;
        var plan = _clusters.Next("cluster: c\nroles: {webserver: {renamed-from: default}}\nservers: {a: {roles: webserver}}\nservices: {s: {role: webserver, run: x}}", first, first);

        var change = Assert.Single(plan.Changes);
        Assert.Equal((ChangeKind.Renamed, ObjectKind.Role, "default", "webserver"), (change.Kind, change.Of, change.OldName!, change.Name));
        Assert.Equal(first.Roles.Single().Id, plan.After.Roles.Single().Id);
        Assert.Equal("webserver", plan.After.Services.Single().Role);
    }

    [Fact]
    public void A_rename_that_was_done_may_stay_in_the_file()
    {
        const string Renamed = "cluster: c\nroles: {webserver: {renamed-from: default}}\nservers: {a: {roles: webserver}}";
        var first = _clusters.First("cluster: c\nservers: [a]").After;
        var second = _clusters.Next(Renamed, first, first);

        Assert.Empty(_clusters.Next(Renamed, second.After, second.Declared).Changes);
    }

    [Fact]
    public void An_object_removed_and_added_again_is_a_new_one()
    {
        var first = _clusters.First("cluster: c\nservers: {a: {controller: true}, b: }").After;
        var second = _clusters.Next("cluster: c\nservers: {a: {controller: true}}", first, first);
        var third = _clusters.Next("cluster: c\nservers: {a: {controller: true}, b: }", second.After, second.Declared);

        Assert.NotEqual(first.Servers.Single(s => s.Name == "b").Id, third.After.Servers.Single(s => s.Name == "b").Id);
    }

    [Fact]
    public void Ids_of_new_objects_may_be_given_later()
    {
        var current = _clusters.First("cluster: c\nservers: {a: {controller: true}}\nservices: {s: {run: x}}").After;
        var read = Clusters.Read("cluster: c\nroles: {web: {renamed-from: default}, new: }\nservers: {a: {roles: [web, new], controller: true}, b: {roles: web}}\nservices: {s: {role: web, run: x}, t: {role: new, run: y}}");

        var after = Planning.Make(read, current, current, _ => "").After;

        Assert.Equal([current.Servers[0].Id, ""], after.Servers.Select(s => s.Id));
        Assert.Equal([current.Services[0].Id, ""], after.Services.Select(s => s.Id));
        Assert.Equal(["web", "new"], after.Services.Select(s => s.Role));
        Assert.Equal(["web", "new"], after.Servers[0].Roles);
    }

    [Fact]
    public void Two_objects_never_get_one_id()
    {
        var current = new Cluster { Name = "c", Secrets = [new Secret { Id = "sec-100", Name = "old" }] };
        var read = new Cluster { Name = "c", Secrets = [new Secret { Name = "new", RenamedFrom = "old" }, new Secret { Name = "old" }] };

        var ids = Identity.Assign(read, current, null, _clusters.NewId).Secrets;

        Assert.Equal("sec-100", ids.Single(s => s.Name == "old").Id);
        Assert.NotEqual("sec-100", ids.Single(s => s.Name == "new").Id);
    }
}
