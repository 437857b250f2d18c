"""Name the programs that say what a transaction was: one line adds a venue.

A line is a program id and the name people know it by, under what the program is for. The kind decides, so a program
is listed only where its kind is certain. Not responsible for programs that move nothing of interest by themselves
(System, Token, ComputeBudget, Memo, token metadata) or for bridges: what crosses one has simply left the wallet.
"""

from typing import Final

from engine.reading.kinds import Kind, Program

_LINES: Final = {
    Kind.LAUNCHPAD: """
        BANGURqoS7pzE8MEtQrqxHPD9qYHfYdhCA7NVWPZvCtT Banger Launch
        bioLd9krF2GytS6F7fw5bo8aUJzfbB15EWHtJAZQnAC Bio Curating
        6M3fyRE18t6c7f9qes3eQMzR4QyPRMFZiyNQcApENCYf Bio Fundraising
        boop8hVGQGqehUK2iVEMEnMrL5RbjywRzHKBmBE7ry4 Boop.fun
        w4cy1r9U7ag99RfBjb3Mz69oiANFeQystgQXerwUWLM Fjord Foundry Bootstrap
        DiSLRwcSFvtwvMWSs7ubBMvYRaYNYupa76ZSuYLe6D7j Jupiter LFG launchpad
        7sPptkymzvayoSbLXzBsXEF8TSf3typNnAWkrKrDizNb Mango ICO
        AfJJJ5UqxhBKoE3grkKAZZsoXDE9kncbMKvqSHGsCNrE MetaDAO Launchpad
        dbcij3LWUppWqq96dh6gJWwBifmcGfLSB5D4DuSMaqN Meteora DBC
        MoonCVVNZFSYkqNXP6bxHLPL6QQJiMagDL3qcqUQTrG Moonit
        6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P pump.fun
        MAyhSmzXzV1pTf7LsNkrNwkWKTo4ougAJ1PPg47MD4e pump.fun Mayhem program
        6FJon3QE27qgPVggARueB22hLvoh22VzJpXv4rBEoSLF Raydium IDO V1
        CC12se5To1CdEuw7fDS27B7Geo5jJyL7t5UK2B44NgiH Raydium IDO V2
        9HzJyW1qZsEiSfMUf6L2jo3CcTKAyBmSyKdwQeYisHrC Raydium IDO V3
        DropEU8AvevN3UrXWXTMuz3rqnMczQVNjq3kcSdW2SQi Raydium IDO V4
        LanMV9sAd7wArD4vJFi2qDdfnVhFxYSUg6eADduJ3uj Raydium LaunchLab
        SAFEuracFxm3sZfhUNtComzcyS4RTkcNccbkWWb4PH5 Vidar SafeLaunch
        5U3EU2ubXtK84QcRjWVmYt9RaDyA8gKxdUrPFXmZyaki Virtuals
        ZPLsAzVmV6gRipY8dzoWcGWJ81tkPUN9M7YfxJPru9w Zeus Bootstrapper
    """,
    Kind.AMM: """
        DEXYosS6oEGvk8uCDayvwEZz4qEyDJRf9nFgYCaqPMTm 1DEX
        AMM55ShdkoGRB5jVYPjWziwk8m5MpwyDgsMWHaMSQWH6 Aldrin v1
        CURVGoZn8zycx6FXwwevgBTB2gVvdbGTEpvMJDbgs2t4 Aldrin v2
        ALPHAQmeA7bjrVuccPsYPiCvsi428SNwte66Srvs4pHA AlphaQ
        AQU1FRd7papthgdrwPTTq5JacJh8YtwEXaBfKU3bTz45 Aquifer
        Archer8kgiavM61GyusMzaaS2ft5sALtNsD1HxkUPMhy Archer
        D3BBjqUdCYuP18fNvvMbPAZ8DpcRi4io2EsYHQawJDag Balansol
        B72M6nyCLFgWiJtAN4naUTminMiTmyGcEqQHXwVeRdht BinaryFi
        BiSoNHVpsVZW2F7rx2eQ59yQwKxzU5NvBcmKshCSUypi BisonFi
        2DNbzPochEcyCcWMbL4d9S3u9QqQEj5bbe6cSZFvKsbh BisonFi Predict
        BSwp6bEBihVLdqJRKGgzjcGLHkcTuzmSo1TQkHepzH8p Bonkswap
        REALQqNEomY6cQGZJUGwywTBD2UmDT32rZcNnfxQ5N2 Byreal CLMM
        REALp6iMBDTctQqpmhBo4PumwJGcybbnDpxtax3ara3 Byreal router
        CarrotwivhMpDnm27EHmRLeQ683Z1PufuqEmBZvD282s Carrot minter
        CLMM9tUoggJu2wagPkkqs9eFG4BWhVBZWkP1qv3Sp7tR Crema CLMM
        6MLxLqiXaaSUpkgMnWDTuejNZEz3kE7k2woyHGVFw319 Crema v1
        H8W3ctz92svYg6mkn1UtGfu2aQr2fnUFHM1RhScEtQDt Cropper CLMM
        CTMAxxk34HjKWxQ3QLZK1HpaLXmBveao3ESePXbiyfzh Cropper v1
        cysPXAjehMpVKUapzbMCCnpFxUFFryEWEaLgnb9NrR8 Cykura
        fUSioN9YKKSa3CUC2YUc4tPkHJ5Y6XW1yz8y6F7qWz9 DefiTuna Fusion AMM
        DNL1tgEj3nJovHw9jtyCCQD3arssCJzkmpDizknwzey4 Denali
        DRVSpZ2YUYYKgZP8XtLhAGtT1zYSCKzeHfb4DgRnrgqD Deriverse
        DSwpgjMvXhtGn6BsbqmacdBZyfLj6jSWf3HJpdJtmg6N DexLab
        DrBYESnnfEqqnfJu7Mv5NHsY3VrooNSxuDxkb9WSmvZS Drachma
        FLiNTXPwppyoJabCoxc2uiiRygAHpmMXajiDXo2Ub1z Flint
        FLUX6xBayGxLX9UcimVRxXFMHH6q43mAbRvDzSpCsvfK Flux
        FLUXubRmkEi2q6K3Y9kBPg9248ggaZVsoSFhtJHSrm1X FluxBeam
        gatorLx9aC1e5ZWAXscv5QRKiLXnLPLXjftVc81h1Hr GatorSwap
        srAMMzfVHVAtgSJc8iH6CfKzuWuUTzLHVCE81QU1rgi Gavel
        goonERTdGsjnkZqWuVjs73BZ3Pb9qoCUdBUL17BnS5j GoonFi v1
        goonuddtQRrWqqn5nFyczVKaie28f3kDkHWkHtURSLE GoonFi v2
        GAMMA7meSFWaBXF25oSUgmGRwaW6sCMFLmBNiMSdbHVT GooseFX GAMMA
        GFXsSL5sSaDfNFQUYsHekbWBW1TsFdjDYzACh62tEHxn GooseFX SSL v2
        7WduLbRfYhTJktjLw5FDEyrqoEv61aTTCuGAetgLjzN5 GooseFX v1
        Gswppe6ERWKpUTXvRPfXdzHhiCyJvLadVvXGfdpBqcE1 Guacswap
        HADRoNbLovyqhCsocfYQYB7QdfCAAinN9HTePvBCVDQ8 Hadron
        HEAVENoP2qxoeuF8Dj2oT1GHEnu49U5mJYkdeC8BAX2o Heaven
        treaf4wWBBty3fHdyBpo35Mz84M8k3heKXmjmi9vFt5 Helium Treasury Management
        9H6tua7jkLhdm3w8BvgpTn5LZNU7g4ZynDmCiNN3q6Rp HumidiFi
        HYEXCHtHkBagdStcJCp3xbbb9B7sdMdWXFNj6mdsG4hn Hylo exchange
        HyaB3W9q6XdA5xwpU4XnSZV94htfmbmqJXZcEbRaJutt Invariant
        jupZ4m2GqUCJ5iueMfzQf8khFfH31d4XAQt3RzCT9Vd Jupiter Lend AMM
        3TK9D8aoBFYjYZtKCjciPrVrRStsnvo7KmpcJqDavpaU Kipseli
        BQEJZUB4CzoT6UhRffoCkqCyqQNrCPCSGHcPEmsdbEsX LemmingsFi
        EewxydAPCCVuNEyrVN68PuSYdQ7wKn27V9Gjeoi8dy3S Lifinity v1
        2wT8Yq49kHgDzXuPxZSaeLaH1qbmGXtEyPy64bL7aD3c Lifinity v2
        MSwapi3WhNKMUGm9YrxGhypgUEt7wYQH3ZgG32XoWzH M Swap
        9tKE7Mbmj4mxDjWatikzGAtkoWosiiZX9y6J4Hfm2R8H Marco Polo
        5B23C376Kwtd1vzb5LCJHiHLPnoWSnnx661hhGGDEv8y Mercurial dynamic AMM
        MERLuDFBMmsHnsBPZw2sDQZHvXFMwp8EdjudcU2HKky Mercurial stable swap
        AMM5G2nxuKUwCLRYTW7qqEwuoqCtNSjtbipwEmm2g8bH MetaDAO AMM
        FUTARELBfJfQ8RDGhg1wdhddq1odMAJUePHFuBYfUxKq MetaDAO Futarchy AMM
        Eo7WjKq67rjJQSZxS6z3YkapzY3eMj6Xy8X5EQVn5UaB Meteora DAMM v1
        cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG Meteora DAMM v2
        LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo Meteora DLMM
        24Uqj9JCLxUeoC3hGfh5W3s9FM9uCHDS2SG3LYwBpyTi Meteora Dynamic vault
        Bvs46DPFxiFE6YHxLDLD6QAUcmy51FyRVPZJusPxLk3j Metric
        obriQD1zbpyLz95G5n7nJe6a4DPjpFwa5XYPoNm113y Obric v2
        HBVw6bZtcCaezhcBrmfyXBSBRWCdv72271xQ4GPvms2z Obsidian
        omnixgS8fnqHfCcTGKWj6JtKjzpJZ1Y5y9pyFkQDkYE Omnipair
        DjVE6JNiYqPL2QXyCUUh8rNjHrbz9hXHNYt99MQ59qw1 Orca v1
        9W959DqEETiGZocYWCQPaJ6sBmUzgfxXfqGeTEdp3aQP Orca v2
        whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc Orca Whirlpool
        HpNfyc2Saw7RKkQd8nEL4khUcuPhQ7WwY1B2qjx8jxFq PancakeSwap CLMM
        PSwapMdSai8tjrEXcxFeQth87xC4rRsa4VA5mhGhXkP Penguin
        NUMERUNsFCP3kuNmWZuXtm1AaQCPj9uw6Guv2Ekoi5P Perena Numeraire
        save8RQVPMWNTzU18t3GBvBkN9hT7jsGjiCQ28FpD9H Perena Star
        pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA PumpSwap
        QuaNtZsgYRe5Z9Bk4LZ4cTD9tbkVoyCNf1R2BN9bBDv Quantum
        QUayE6nexQWYNZAEqfN8FxoNwQDSu3CAzT2qq9J1ArG Quay
        CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK Raydium CLMM
        CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C Raydium CPMM
        5quBtoiQqxF9Jv6KYKctB59NT3gtJD2Y65kdnB1Uev3h Raydium Stable AMM
        RVKd61ztZW9GUwhRbbLoYVRE5Xf1B2tVscKqwZqXgEr Raydium v2
        27haf8L6oxUeXrHrgEgsexjSY5hbVUWEmvv9Nyxg8vQv Raydium v3
        675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8 Raydium v4
        riptK81hDxhe5pW5jSzSM9iRA8azgEgLJ4dXkPtBS7j Riptide
        runnrXXdsSRkdueCRYxKDvSWfv6nAnrG5dcM29qj1HA RunnerRodeo
        DecZY86MU5Gj7kppfUCEmd4LbXXuyZH1yHaP2NTqdiZB Saber Decimals
        Crt7UoUR6QgrFrN7j8rmSQpUTNWNSitSwWvsWGf1qZ5t Saber Router
        SSwpkEEcbUqx4vtoEByFjSkhKdCT862DNVb52nZg1UZ Saber stable swap
        YAkoNb6HKmSxQN9L8hiBE5tPJRsniSSMzND1boHmZxe Saber swap
        SSwapUtytfBdBn1b9NUGG6foMVPtcWgpRU32HToDUZr Saros AMM
        1qbkdrr3z4ryLA7pZykqxvxWPoeifcVKo6ZG9CfkvVE Saros DLMM
        SCALEwAvEK5gtkdHiFzXfPgtk2YwJxPDzaV3aDmR7tA Scale AMM
        SCALEWoRSpVZpMRqHEcDfNvBh3nUSe34jDr9r689gLa Scale VMM
        ojh19ojaKduoJZuaJADhcVGp4xt1TcdAvZmpVsCorch Scorch
        SCoRcH8c2dpjvcJD6FiPbCSQyQgu3PcUAWj2Xxx3mqn Scorch swap
        SCHAtsf8mbjyjiv4LkhLKutTf6JnZAbdJKFkXQNMFHZ Sencha
        SoLFiHG9TfgtdUXUjWAxi3LtvYuFyDLVhBWxdMZxyCe SolFi
        SV2EYYJyRz2YhfXwXnhNAevDEui5Q6yrfyo13WtupPF SolFi v2
        SwaPpA9LAaLfeLi3a68M4DjnLqgtticKg6CnyNwgAC8 SPL Token Swap
        6dMXqGZ3ga2dikrYS9ovDXgHGh5RUsb2RTUj6hrQXhk6 Stabble CLMM
        swapNyd8XiQwJ6ianp9snpu4brUqFxadzvHebnAXjJZ Stabble stable swap
        vo1tWgqZMjG61Z2T9qUaMYKqZ75CYzMuaZ2LZP1n7HV Stabble vault
        swapFpHZwjELNnjvThjajtiVmkz3yPQEHjLtka2fwHW Stabble weighted swap
        ghosty4ZU1Qk1HN7Ymz4pZ15QfspzJZgSYFkdKN6ZLK Stableswap
        SSwpMgqNDsyV7mAgN9ady4bDVu5ySjmmXejXvy2vLt1 Step swap
        Dooar9JkhdZ7J3LHN3A7YCuoGRUggXhQaG4kijfLGU2j StepN DOOAR
        deus4Bvftd5QKcEkE5muQaWGWDoma8GrySvPFrBPjhS Sugar
        SWiMDJYFUGj6cPrQ6QYYYWZtvXQdRChSVAygDZDsCHC Swim
        9VX8EKBg6vM6tA68xaDsPkbrx26XConZjkQmhVApUptc TaurusFi
        TessVdML9pBGgG9yGks7o4HewRaXVAMuoVj4x83GLQH Tessera V
        8ZoPDsvLWXthQaZz6aJJEWNFBZKk2ePuygi6LHT7F7Hh Trench
        CURVEmPpijXDTNdqrA9PGP1io2rkgiVXH26xdXVGLLfz Trends
        FW6zUqn4iKRaeopwwhwsquTY6ABWLLgjxtrC3VPnaWBf WhaleStreet
        WooFif76YGRNjk1pA8wCsN67aQsD9f9iLsz4NcJ1AVb WOOFi
        ZERor4xhbUycZ6gb9ntrhqscUcZmAbQDjEAtCf4hbZY ZeroFi
    """,
    Kind.ORDER_BOOK: """
        dp2waEWSBy5yKmq65ergoU3G6qRLmqa6K7We4rZSKph Dradex
        MNFSTqtC93rEfYHB6hF82sKdZpUDFWkViLByLd1k1Ms Manifest
        srmqPvymJeFKQ4zGQed1GFppgkRHL9kaELCbyksJtPX OpenBook v1
        opnb2LAfJYbRMAHHvqjCwQxanZn7ReEHp1k81EohpZb OpenBook v2
        opnbkNkqux64GppQhwbyEVc3axhssFhVYuwar8rDHCu OpenBook v2
        PhoeNiXZ8ByJGLkxNfZRnkUfjvmuYqLR89jjFHGqdXY Phoenix
        WvmTNLpGMVbwJVYztYL4Hnsy82cJhQorxjnnXcRm3b6 Serum pool
        4ckmDgGdxQoPDLUkDT3vHgSAkzA3QRdNq5ywwY4sUSJn Serum v1
        BJ3jrUzddfuSrZHXSCxMUUQsjKEyLmuuyZebkcaFp2fg Serum v1
        EUqojwWA2rd19FZrzeBncJsm38Jm1hEhE3zsmX3bRc2o Serum v2
        9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin Serum v3
    """,
    Kind.AGGREGATOR: """
        AveaiuA1emN71q9mS2QQ9BEWNAAHmp8sHSvwLFHQjufM Ave.ai router
        REALFP9S4VmrAixmeYa68FrPKn4NVD2QFxxMfz9arhz Byreal RFQ
        G7MVcM9YzGxrmLtmobUgyt8A6WhQ2dgQX3aSJcPejdEp deBot router
        DF1ow4tspfHX9JwWJsAb9epbkA8hmpSEAtxXy1V27QBH DFlow aggregator
        fd3nMFYTQjX1yr5ER8u7tPdHJB7qt8RpDpNtLQX2Br5 Jupiter RFQ v2
        JUP6i4ozu5ydDCnLiMogSckDPpbtr7BJ4FtzYWkb5Rk Jupiter v1
        JUP2jxvXaqu7NQY1GmNF4m1vodw12LVXYxbFL2uJvfo Jupiter v2
        JUP3c2Uh3WA4Ng34tw6kPd2G4C5BB21Xo36Je1s32Ph Jupiter v3
        JUP4Fb2cqiRUcaTHdrPC8h2gNsA2ETXiPDD33WcGuJB Jupiter v4
        JUP5pEAZeHdHrLxh5UCwAbpjGwYKKoquCpda2hfP4u8 Jupiter v5
        JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4 Jupiter v6
        JUP7pNXFL1G2BESRYMtZ1jepzfDQVffkkkf5JhXWWhC Jupiter v7
        61DFfeTKM7trxYcPQCM78bJ794ddZprZpAwAnLiwTpYH JupiterZ RFQ
        6m2CDdhRgxpH4WjvdzxAYbGxwdGUz5MziiL5jek2kBma OKX DEX
        proVF4pMXVaYqmy4NjniPh4pqKNfMmsihgd4wdkCX3u OKX DEX v2
        6Vo3245eszAb5wuqEMw8mGdbfRUdKbHhDHP5LcaGuTAB pump.fun app router
        routeUGWgWzqBWFcrCfv8tritsqukccJPu3q5GPP3xS Raydium Router
        22Y43yTVxuUkoRKdm9thyRhQ3SdgQS7c7kB6UNCiaczD Serum swap
        T1TANpTeScyeqVzzgNViGDNrkQ6qHz9KrSBS4aNXvGT Titan
        2En5Y11SEAGLNmEezTuRUCwTyzyNReHaMbSnS5gjGsL1 Wintermute order engine
    """,
    Kind.TERMINAL: """
        Axiom3a2w1UbMt2SMgqSvRiuJFTPusDhwKamNgPTeNQ9 Axiom
        FLASHX8DrLbgeR8FcfNV1F5krxYcYMUdBkrP1EPBtxB9 Axiom
        BANANAjs7FJiPQqJTGFzkZJndT9o7UmKiYYGaJz6frGu Banana Gun
        CuodpYRDz4k87K6ZUFxk7X8JkVv5dNVZAcTQX2TEzTef BasedBot
        B3111yJCeHBcA1bizdJjUFPALfhAfSRnAbJzGUtnt56A Binance Wallet router
        b1oodtXw4tigt8MoRcRrWUGCW31WeFUtFMsFgwQpSQ9 Blood
        b1oomGGqPKGD6errbyfbVMBuzSC8WtAAYo8MwNafWW1 Bloom
        CxvksNjwhdHDLr3qbCXNKVdeYACW8cs93vFqLqtgyFE5 BONKbot
        BBRouter1cVunVXvkcqeKkZQcBK7ruan37PPm3xzWaXD BONKbot router
        CABAL69DYBisjkdHxwVktMy2TPHYVYc2D3UDQQ2DLwKM Cabal
        DGMgNKpqygARV2pHZfW4kNQSHT9F3Ly2BKWqvpYrAg5C GMGN
        GMGNreQcJFufBiCTLDBgKhYEfEe9B454UjpDr5CaSLA1 GMGN
        GMgnVFR8Jb39LoXsEVzb3DvBy3ywCmdmJquHUy1Lrkqb GMGN
        JSWX3pKDbj2EdCMu4ei7sPYSpdcwZNyjkDSteoHQ4UH Jupiter Ape
        JSW99DKmxNyREQM14SQLDykeBvEUG63TeohrvmofEiw Jupiter Ape / ApePro
        King7ki4SKMBPb3iupnQwTyjsq294jaXsgLmJo8cb7T King
        LUNARCc6FmA3hzPrwmXW3z6RNX1MYXhKS4opYoqCm9P Lunar
        MaestroAAe9ge5HTc64VbBQZ6fP77pwvrhM8i1XWSAx Maestro
        MevxQ9iQNGNQSWqa2CtDQs2BwrJA6MifzocykZAgGBr MevX
        minTcHYRLVPubRK8nt6sqe2ZpWrGDLQoNLipDJCGocY Mintech
        BujKR6saP3wZa7PEZ2u8ktyumdv8jqGsgHjUU7Ur7kLp Nova
        NoVA1TmDUqksaj2hB1nayFkPysjJbFiU76dT4qPw2wm Nova
        9Fox6i7oT8p4qHn76Qj3dks8RRMGsXQyfMSBScA5yVyX Padre
        term9YPb9mzAsABaqN71A4xdbxHmpBNZavpBiQKZzN3 Padre / Terminal
        PEPPER3dYQpY2TTqHp3XinzRu519X7GswmVNb5tqK8L Peppermints
        BSfD6SHZigAfDWSjzD5Q41jw8LmKwtmjskPH9XW1mrRW Photon
        GengarGzVQiNwzmXFC6sz3oT4HY91MnV26nDX6z2U97V SharpAIO
        9QT9pBnnvrRXdEdkYhp5KrB9SqgTopmmVNunUm726DbJ StarkDex
        Stbot61LkCD5HE4p1TDtYRt9bzkjX81pKrshZz4Awny STBot
        TroYL71c8P2XNtDxHs98VtVLuiASJ7Ao5FvUoKyp3Bk Trojan
        troY36YiPGqMyAYCNbEqYCdN2tb91Zf7bHcQt7KUi61 Trojan
        troyXT7Ty3s2rjJe4bqWaroUrS4Fjd8rbHHNHxcACF4 Trojan
        vs1ongEMwP15z6RKykbUbWwAf8WXFKNTLkfEr5JN6K7 VisionAIO
    """,
    Kind.ESCROW: """
        Zo1ggzTUKMY5bYnDvT5mtVeZxzf2FaLTbKkmvGUhUQk 01 Protocol
        AMEAktCrii7mVFQKCM9i5hKES4YrV3zFagrawr8BY8pb 1inch cross-chain escrow destination
        4yBT18tBcWqCDK8p3RMXdmZMjHr3wJM7jM6HVYemEqGh 1inch cross-chain escrow source
        HNarfxC3kYMMhFkxUFeYb8wHVdPzY5t9pupqW5fL2meM 1inch Fusion swap
        13gDzEXCdocbj8iAiqrScGo47NiSuYENGsRqi3SEAwet Adrena
        CChTq6PthWU82YZkbveA3WDf7s97BWhBK4Vx9bmsT743 Bonfida token vesting
        dst5MGcFPoBeREFAA5E3tU5ij8m5uVYwkzkSAbsLbNo deBridge DLN destination
        src5qyZHqTqecJV4aY6Cb6zDZLMDzrDKKezs22MPHr4 deBridge DLN source
        dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH Drift v2
        dripTrkvSyQKvkyWg7oi4jmeEGMA5scSYowHArJ9Vwk Drip
        FLASH6Lo6h3iasJKWDs2F8TkW2UKf3s15C8PMGuVfgBn Flash Trade
        GokivDYuQXPZCWRkwMhdH2h91KpDQXBEmpgBgs55bnpH Goki multisig
        DCA265Vj8a9CEuX1eb1LWRnDT7uK6q1xMipnNyatn23M Jupiter DCA
        jupoNjAxXgZ4rjzxzPMP4oxduvQsQtZzyknqvzYNrNu Jupiter Limit Order v1
        j1o2qRpjcyUwEvwtcfhEQefh773ZgjxcVRry7LDqg5X Jupiter Limit Order v2
        LocpQgucEQHbqNABEYvBvwoxCPsSbG91A1QaQhQQqjn Jupiter Lock
        PERPHjGBqRHArX4DySjwM6UJHiR3sWAatqfdBS2qQJu Jupiter Perps
        VALaaymxQh2mNy2trH9jUqHT1mTow76wpTcGmSWSwJe Jupiter Value Average
        LiMoM9rMhrdYrfzUCxQppvxCSG1FcrUK9G8uLq4A1GF Kamino Limo
        magnaSHyv8zzKJJmr8NSz5JXmtdGDTTFPEADmvNAwbj Magna vesting core
        BLZRi6frs4X4DNLw56V4EXai1b6QVESN1BhHBTYM9VcY Mayan Swift v1
        mayan34VedncxdK2XobtvWFDXQASUTBXhUVzt2kKgny Mayan Swift v2
        SMPLKTQhrgo22hFCVq2VGX1KAktTWjeizkhrdB1eauK Squads program manager
        SMPL5bz5ERMdweouWrXtk3jmb6FnjZkWf7pHDsE6Zwz Squads tx meta
        SMPLecH534NA9acpos4G6x7uf3LWbCAwZQE9e8ZekMu Squads v3
        SQDS4ep65T869zMMBKyuUq6aD6EgTu8psMjkvj52pCf Squads v4
        SMPLbiNbsa19gf9jz8x9uHSvSn9VLFJB38dGy46kqJ7 Squads validator
        8e72pYCDaxu3GqMfeQ5r8wFgoZSYk6oua1Qo9XpsZjX Streamflow
        strmRqUCoQUgGUan5YhzUZa6KqdzwX5L6FpUxfmKg5m Streamflow
        ZETAxsqBRek56DhiGXrn75yj2NHU3aYUnxvHXpkf3aD Zeta Markets
    """,
    Kind.LEND: """
        6UeJYTLU1adaoHWeApWsoj1xNEDbWA2RhM2DLc8CrDDi Apricot
        4tdmkuY6EStxbS6Y8s5ueznL3VPMSugrvQuDeAHGZhSt Banx Bonds
        BanxxEcFZPJLKhS59EkwTa8SZez8vDYTiJVN78mGHWDi Banx Vaults
        SYNMjud3ALEaeJhxuq8gpc2wJzC4XLHfxp9SgKmzQ8r btcSOL Earn
        JCFRaPv7852ESRwJJGRy2mysUMydXZgVVhrMLmExvmVp Citrus Lending
        tuna4uSQZncNeeiAMKbstuxA9CUkHH6HmC64wgmnogD DefiTuna
        3JmCcXAjmBpFzHHuUpgJFfTQEQnAR7K1erNLtWV1g7d9 Dumpy Short Lending
        ensoQXKf4MvNuEC3M9xmcqUqgucFNd5UzAonDdUtgqn EnsoFi Lending Fixed Terms
        enseM1J4dGgwEw3qDyuVBi7YsjgwqvKzuX3ZLaboLGv EnsoFi Lending Flexible Terms
        FC81tbGt6JWRXidaWYFXxGnTk4VgobhJHATvTRVMqgWj Francium lending
        3Katmm9dhvLQijAvomteYMo6rfVbY5NaCRNq9ZBqBgr6 Francium rewards
        GLoWMgcn3VbyFKiC2FGMgfKxYSyTJS7uKFwKY2CSkq9X Glow Markets
        AutoyKBRaHSBHy9RsmXCZMy6nNFAg5FYijrvZyQcNLV Haven Leverage
        HubbLeXBb7qyLHt3x7gvYaRrxQmmgExb7fCJgDqFuB6T Hubble
        EVQ4s1b6N1vmWFDv8PRNc77kufBP8HcrSNWXQAhRsJq9 Huma Institutional
        HumaXepHnjaRCpjYTokxY4UtaJcmx41prQ8cxGmFC5fn Huma Permissionless
        vsRJM68m7i18PwzTFphgPYXTujCgxEi28knpUwSmg3q Huma Staking
        3i8rGP3ex8cjs7YYWrQeE4nWizuaStsVNUXpRGtMbs3H ILoop Lending
        jup3YeL8QhtSx1e253b2FDvsMNC87fDrgQZivbrndc9 Jupiter Lend
        jup6QF1sNDGpkkcu6F4qaFHcRBmnSS1VgyB4uFbBvNS Jupiter Lend
        jup7TthsMgcR9Y3L277b8Eo9uboVSmu1utkuXHNUKar Jupiter Lend
        jup97Zx1NixM8UJMQFw8TtKzqTiRT3ETAJR7cVx3PfQ Jupiter Lend
        jupGBUJYXuzz2hVSoqjrxoEwJUB6uuHJsQqkzmYyQ7n Jupiter Lend
        jupeiUmn818Jg1ekPURTpr4mFo29p46vygyykFJ3wZC Jupiter Lend
        jupgfSgfuAXv4B6R2Uxu85Z1qdzgju79s6MfZekN6XS Jupiter Lend
        jupnw4B6Eqs7ft6rxpzYLJZYSnrpRgPcr589n5Kv4oc Jupiter Lend
        jupr81YtYssSyPt8jbnGuiWon5f6x9TcDEFxYe3Bdzi Jupiter Lend
        KLend2g3cP87fffoy8q1mQqGKjrxjC8boSyAYavgmjD Kamino Lend
        KvauGMspG5k6rtzrqqn7WNn3oZdyKqLKwK2XWQ8FLjd Kamino Vault
        kvauTFR8qm1dhniz6pYuBZkuene3Hfrs1VQhVRgCNrr Kamino Vault
        7Zb1bGi32pfsrBkzWdqd4dFhUXwp5Nybr1zuaEwN34hy Larix
        3cKREQ3Z7ioCQ4oa23uGEuzekhQWPxKiBEZ87WfaAZ5p Larix v2
        CRSeeBqjDnm3UPefJ9gxrtngTsnQRhEJiTA345Q83X3v Lavarage SOL Leverage
        1avaAUcjccXCjSZzwUvB2gS3DzkkieV2Mw8CjdN65uu Lavarage USDC Leverage
        LnceiBjUxxjGbhFpKz3SoGo9ntPYwm1DC3wkEQhav9j Lince
        1oopBoJG58DgkUVKkEzKgyG9dvRmpgeEm1AVjoHkF78 Loopscale
        FL3X2pRsQ9zHENpZSKDRREtccwJuei8yg9fwDu9UN69Q Lulo Router
        zF2vSz6V9g1YHGmfrzsY497NJzbRr84QUrPry4bLQ25 Mango Boost
        JD3bq9hGdy38PuWQ4h2YJpELmHVGPPfFSuFkpzAd9zfu Mango v1
        5fNfvyp5czQVX77yoACa3JJVEhdRaWjPuazuWgjhTqEH Mango v2
        mv3ekLzLbnVPNxjSKvqBpU3ZeZXPQdEC3bp5MDEBG68 Mango v3
        4MangoMjqJ2firMokCjjGgoK8d4MXcrgL7XJaL3w6fVg Mango v4
        5D9yi4BKrxF8h65NkVE1raCCWFKUs5ngub2ECxhvfaZe Maple Lending
        MFv2hWf31Z9kbCa1snEPYctwafyhdvnV7FZnsebVacA marginfi v2
        NirvHuZvrm2zSxjkBvSbaF2tHfP5j7cvMj9QmdoHVwb Nirvana Borrow & Governance
        NXFiKimQN3QSL3CDhCXddyVmLfrai8HK36bHKaAzK7g NX Finance Lend
        EHBN9YKtMmrZhj8JZqyBQRGqyyeHw5xUB1Q5eAHszuMt NX Finance Leverage
        HYHnL9BB3tqSPxkVbdcAn9CAa4hyqNYUh1FwDc4he7aD NX Finance NX Finance Vaults
        5UFYdXHgXLMsDzHyv6pQW9zv3fNkRSNqHwhR7UPnkhzy Pluto Leverage Machine
        PLUtoojGogHkKWXH4ZY3SiNYhsiE5CEoMJLPargRoQ9 Pluto Leverage Machine V2
        Port7uDYB3wk6GJAw4KT1WpTeMtSu9bTcChBHkX2LfR Port Finance
        6JjHXLheGSNvvexgzMthEcgjkcirDrGduc3HAKB2P1v2 Pyra Loans
        rDeFiHPjHZRLiz4iBzMw3zv6unZs4VwdU6qQcVd3NSK Rain Defi Lending
        wJUPXhGwC88LZeG1DXaYing3WB1Q4YvwJcK77bidNGv Rain Liquid
        rNfTQD84kwMbcRpWpLR92BVmxbuwrZc3o5HTauAZiXs Rain NFT Lending
        rain2M5b9GeFCk792swkwUu51ZihHJb3SUQ8uHxSRJf Rain Vaults
        S2SquuEfKRHm1riCj13WobJJzf3CgUwu7QmijxjpTfx Save Migration
        mrksLcZ6rMs9xkmJgw6oKiR3GECw44Gb5NeDqu64kiw Save rewards
        Senditho8dTeu9BpXBFfN3b479NyXEbJ26ynw9pPJNY Sendit Memecoin Yielding
        SenditVXUyY6zjSPYucQTff9rfUkAWnxoijY87FJwGV Sendit SOL Earn
        SenditXmUCHPeV6iyFoMY8dRNB4PofGKTfp52hEWpJx Sendit Trade
        SHARKobtfF1bHhxD2eqftjHBdVSCbKo9JtgK71FhELP Sharky
        So1endDq2YkqhipRh3WViPa8hdiSpxWy6z3Z6tMCpAo Solend / Save
        JECcmzAWytxXQtMN3taGmAYhTK4CDEfwEGrzfMvVeGXm Solstice USX Just Earn
        LendZqTs7gn5CTSJU1jWKhKuVpjJGom45nnwPb2AMTi SPL Token Lending
        F1aShdFVv12jar3oM2fi6SDqbefSnnCVRzaxbPH3you7 Texture flash loan
        MLENdNkmK61mGd4Go8BJX9PhYPN3azrAKRQsAC7u55v Texture Lending
        sUperbZBsdZa4s7pWPKQaQ2fRTesjKxupxagZ8FSgVi Texture Lending
        4bcFeLv4nydFrsZqV5CgwCVrPhkQKsXtzfy2KyMz7ozM Tulip lending
        Bt2WPMmbwHPk36i4CRucNDyLcmoGdC7xEdrVuxgJaNE6 Tulip leverage farming
        TLPv2tuSVvn3fSk8RgW3yPddkp5oFivzZV3rA9hQxtX Tulip vaults v2
        69oX4gmwgDAfXWxSRtTx9SHvWmu2bd9qVGjQPpAFHaBF Vaultka Lending V1
        DE7BUY3Fa4CRc44RxRDpcknbCT6mYTY3LpZNFET7k3Hz Vaultka Lending V1
        DMhoXyVNpCFeCEfEjEQfS6gzAEcPUUSXM8Xnd2UXJfiS Vaultka Lending V1
        nKMLJtN1rr64K9DjmfzXvzaq4JEy5a4AJHHP9gY1dW6 Vaultka Lending V1
        V1enDN8GY531jkFp3DWEQiRxwYYsnir8SADjHmkt4RG Vaultka V2
    """,
    Kind.STAKE: """
        STkwf3sbMapjy7KV3hgrJtcVvY4SvRxWQ8pj4Enw1i5 Aurory Staking
        StKLLTf7CQ9n5BgXPSDXENovLTCuNc7N2ehvTb6JZ5x Aurory Staking
        4R3gSG8BpU4t19KYj8CfnbtRpnT8gtk4dvTHxVRwc2r7 Jito tip distribution
        voTpe3tHQ7AjQHMapgSue2HJFAh2cGsdokqN3XqmVSj Jupiter DAO locked voter
        MarBmsSgKXdrN1egZf5sqe1TMai9K1rChYNDJgjq7aD Marinade
        nosScmHY2uR24Zh751PmGj9ww9QRNHewh9H59AfrTJE Nosana Staking
        StaKE6XNKVVhG8Qu9hDJBqCW3eRe7MDGLz17nJZetLT Orca staking
        5ocnV1qiCgaQR8Jb8xWnVbApfaygJ8tNoZfgPwsgx9kx Sanctum Infinity
        stkitrT1Uoy18Dk1fTrgPw8W6MVzoCfYoAFT4MLsmhq Sanctum Router
        SPMBzsVUuoHA4Jm6KunbsotaahvVikZs1JyTW6iJvbn Sanctum SPL multi-validator stake pool
        SP12tWFxD9oJsVWNavTTBZvMbA6gkAmxtVgxdqvyvhY Sanctum SPL stake pool
        unpXTU2Ndrc7WWNyEhQWe4udTzSibLPi25SXv2xbCHQ Sanctum Unstake
        endoLNCKTqDn8gSVnN2hDdpgACUPWHZTwoYnnMybpAT Solayer endoAVS
        SPoo1Ku8WFXoNDMHPsrGSTSG1Y47rzgn41SLUNakuHy SPL Stake Pool
        Stake11111111111111111111111111111111111111 Stake program
        Lock7kBijGCQLEFAmXcengzXKA88iDNQPriQ7TbgeyG Star Atlas Locker
        ATLocKpzDbTokxgvnLew3d7drZkEzLzDpzwgrgWKDbmc Star Atlas Staking
        2rU1oCHtQ7WJUvy15tKtFvxdYNNSc3id7AzUcjeFSddo The Vault unstake pool
    """,
    Kind.FARM: """
        VoLT1mJz1sbnxwq5Fv2SXjdVDgPXrb9tJyC8WpMDkSp Friktion
        FarmsPZpWu9i7Kky8tPN37rs2TpmMrAZrC7S7vJa91Hr Kamino Farms
        6LtLpnUFNByNXLyCoK9wA2MykKAmQNZKBdY8s47dehDc Kamino Liquidity
        82yxjeMsvaURa4MbZZ7WZZHfobirZYkH1zF8fmeGtyaQ Orca Aquafarm
        QMMD16kjauP5knBwxNUJRZ1Z5o3deBuFrqVjBVmmqto Quarry Merge Mine
        QMNeHCGYnLVDn1icRAfQZpjPLBNkfGbSKRB83G5d8KB Quarry Mine
        QMWoBmAyJLAsA1Lh9ugMTw2gciTihncciphzdNzdZYV Quarry Mint Wrapper
        QRDxhMw1P2NEfiw5mYXG79bwfgHTdasY2xNP76XSea9 Quarry Redeemer
        QREGBnEj9Sa5uR91AV8u3FxThgP5ZCvdZUW2bHAkfNc Quarry Registry
        CBuCnLe26faBpcBP2fktp4rp8abpcAnTWft6ZrP5Q4T Raydium farm v4
        9KEPoZmtHUrBbhWN1v1KWLMkkvwY6WLtAVUCPRtRjP4z Raydium farm v5
        FarmqiPv5eAj3j1GMdMCMUGXqPUvmquZtMy86QH6rzhG Raydium farm v6
        EhhTKczWMGQt46ynNeRX1WfeagwwJd7ufHvCDjRxjo5Q Raydium staking / farm v3
        vVoLTRjQmtFpiYoegx285Ze4gsLJ8ZxgFKVcuvmG1a8 Voltr Vault
    """,
    Kind.NFT: """
        Guard1JwRhJkVH6XZhzoYxeBVQe872VH6QggF4BWmS9g Candy Guard
        cndyAnrLdpjq1Ssp1z8xxDsB8dxe7u4HL5Nxi2K5WXZ Candy Machine v1
        cndy3Z4yapfJBmL3ShUp5exZKqR3z33thTzeNMm2gRZ Candy Machine v2
        CndyV3LdqHUfDLmE5naZjVN8rBZz4tqhdefbAnjHG3JR Candy Machine v3
        CMAGAKJ67e9hRZgfC5SFTbZH8MgEmtqazKXjmkaJjWTJ Core Candy Guard
        CMACYFENjoBMHzapRXyo1JZkVS6EtaDDzkjMrmQLvr4J Core Candy Machine
        hadeK9DLv9eA7ya5KCTqSvSvRZeJC3JgD5a9Y3CNbvu Hadeswap
        HYPERfwdTjyJ2SCaKHmpF2MtrXqWxrsotYDsTrshHWq8 Hyperspace
        mmm3XBJg5gk8XJxEKBvdgptZz6SgK4tXvn36sodowMc Magic Eden AMM
        CMZYPASGWeTz7RNGHaRJfCq2XQ5pYK6nDvVQxzkH51zb Magic Eden launchpad candy machine
        M2mx93ekt1fmXSVkTrUL9xVFHkmME8HTUi5Cyc5aF7K Magic Eden v2
        p1exdMJcjVao65QdewkaZRUnU6VPSXhus9n2GzWfh98 Metaplex
        hausS13jsjafwWwGqZTUQRmWyvyxn9EQpqMwV1PBBmk Metaplex Auction House
        BGUMAp9Gq7iTEuizy4pqaxsTyUCBK68MDfK752saRPUY Metaplex Bubblegum
        CoREENxT6tW1HoK8ypY1SxRMZTcVPm7R94rH4PZNhX7d Metaplex Core
        MPL4o4wMzndgh8T1NVDxELQCj5UQfYTYEkabX3wNKtb MPL Hybrid
        5ZfZAwP2m93waazg8DkrrVmsupeiPEvaEHowiUP7UAbJ Solanart Global Offer
        CJsLwbP1iu5DuUikHEJnLfANgKy6stB2uFgvBBHoyxwz Solanart Main
        TAMM6ub33ij1mbetoMyVBLeKY5iP41i4UPUJQGkhfsg Tensor AMM
        TB1Dqt8JeKQh7RLDzfYDJsq8KS4fS2yt87avRjyRxMv Tensor Bid
        TCMPhJdwDryooaGtiocG1u3xcYbRpiJzb283XfCZsDp Tensor cNFT
        TFEEgwDP6nn1s8mMX2tTNPPz8j2VomkphLUmyxKm17A Tensor fees
        TL1ST2iRBzuGTqLn1KXnGdSnEow62BzPnGiqyRXhWtW Tensor whitelist
        TSWAPaqyCSx2KABk68Shruf4rp7CxcNi8hAsbdwmHbN TensorSwap
    """,
}

PROGRAMS: Final[dict[str, Program]] = {
    address: Program(name, kind)
    for kind, lines in _LINES.items()
    for address, name in (line.split(maxsplit=1) for line in lines.strip().splitlines())
}
"""Every known program by its id."""
