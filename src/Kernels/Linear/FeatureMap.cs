namespace Distributed.Kernels.Linear;

/// <summary>φ: what queries and keys are mapped by, element by element, where their product replaces the exponential.</summary>
public enum FeatureMap
{
    /// <summary>elu(x) + 1: x + 1 above 0, e^x below (Katharopoulos et al., "Transformers are RNNs", 2020, equation 7).</summary>
    Elu1,

    /// <summary>max(x, 0) (Kasai et al., "Finetuning Pretrained Transformers into RNNs", 2021).</summary>
    Relu,

    /// <summary>x itself (Schlag et al., "Linear Transformers Are Secretly Fast Weight Programmers", 2021, section 3).</summary>
    Identity,
}

/// <summary>The words for feature maps.</summary>
public static class FeatureMapNames
{
    /// <summary><c>elu1</c>, <c>relu</c> or <c>identity</c>.</summary>
    public static string Name(this FeatureMap map) => map.ToString().ToLowerInvariant();
}
