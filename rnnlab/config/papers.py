"""The papers that the descriptions of settings name, by the names and the year that stand there."""

PAPERS = {
    "Ba et al., 2016": "Layer normalization. arXiv:1607.06450",
    "Chen et al., 2023": "Symbolic discovery of optimization algorithms. NeurIPS. arXiv:2302.06675",
    "Cho et al., 2014": "Learning phrase representations using RNN encoder–decoder for statistical machine"
    " translation. EMNLP. arXiv:1406.1078",
    "Dozat, 2016": "Incorporating Nesterov momentum into Adam. ICLR, workshop track",
    "Duchi et al., 2011": "Adaptive subgradient methods for online learning and stochastic optimization."
    " Journal of Machine Learning Research 12",
    "Elman, 1990": "Finding structure in time. Cognitive Science 14(2)",
    "Fan et al., 2018": "Hierarchical neural story generation. ACL. arXiv:1805.04833",
    "Gal and Ghahramani, 2016": "A theoretically grounded application of dropout in recurrent neural"
    " networks. NIPS. arXiv:1512.05287",
    "Gers et al., 2002": "Learning precise timing with LSTM recurrent networks. Journal of Machine Learning"
    " Research 3",
    "Greff et al., 2017": "LSTM: A search space odyssey. IEEE Transactions on Neural Networks and Learning"
    " Systems 28(10). arXiv:1503.04069",
    "He et al., 2016": "Deep residual learning for image recognition. CVPR. arXiv:1512.03385",
    "Hinton, 2012": "Neural networks for machine learning, lecture 6e. Coursera",
    "Hochreiter and Schmidhuber, 1997": "Long short-term memory. Neural Computation 9(8)",
    "Holtzman et al., 2020": "The curious case of neural text degeneration. ICLR. arXiv:1904.09751",
    "Inan et al., 2017": "Tying word vectors and word classifiers: A loss framework for language modeling."
    " ICLR. arXiv:1611.01462",
    "Kingma and Ba, 2015": "Adam: A method for stochastic optimization. ICLR. arXiv:1412.6980",
    "Loshchilov and Hutter, 2017": "SGDR: Stochastic gradient descent with warm restarts. ICLR."
    " arXiv:1608.03983",
    "Loshchilov and Hutter, 2019": "Decoupled weight decay regularization. ICLR. arXiv:1711.05101",
    "Pascanu et al., 2013": "On the difficulty of training recurrent neural networks. ICML. arXiv:1211.5063",
    "Press and Wolf, 2017": "Using the output embedding to improve language models. EACL. arXiv:1608.05859",
    "Reddi et al., 2018": "On the convergence of Adam and beyond. ICLR. arXiv:1904.09237",
    "Srivastava et al., 2014": "Dropout: A simple way to prevent neural networks from overfitting. Journal of"
    " Machine Learning Research 15",
    "Szegedy et al., 2016": "Rethinking the inception architecture for computer vision. CVPR."
    " arXiv:1512.00567",
    "Wu et al., 2016": "Google's neural machine translation system: Bridging the gap between human and"
    " machine translation. arXiv:1609.08144",
    "Zaremba et al., 2014": "Recurrent neural network regularization. arXiv:1409.2329",
    "Zeiler, 2012": "ADADELTA: An adaptive learning rate method. arXiv:1212.5701",
}
