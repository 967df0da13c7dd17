namespace Distributed.Cluster.Tests;

#if !HAS_ORLEANS
public class LeftOut
{
    [Fact(Skip = "The tests with real silos are left out: Orleans is not on this package feed.")]
    public void Cluster_tests()
    {
    }
}
#endif
